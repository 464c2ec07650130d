import type { CellAnswer, CellDescription, CellLesson, CellRefusal } from '../../contracts/cell.ts';
import type { Envelope } from '../../contracts/plugin.ts';
import type { ModuleFence } from '../lib/module-fence.ts';
import type { LiveShape } from '../lib/live-shape.ts';
import type { HandleAsk, WireAsk } from './handles/ask.ts';
import type { Heard } from './handles/lent-desk.ts';
import type { Told } from './handles/told.ts';

/** What crosses between gateway and cell: one JSON text per line on descriptor 3, a socket pair and nothing else. */

/** The first line that a cell gets. */
export interface LoadOrder {
  readonly is: 'load';
  /** Path of the entry file, inside the fence's root. */
  readonly entry: string;
  readonly fence: ModuleFence;
}

/** After the live shape was found to be the static one. */
export interface StartOrder {
  readonly is: 'start';
  readonly config: unknown;
}

export type WireEnvelope = Omit<Envelope, 'payload' | 'plugin'> & { readonly payload: string };

export type WireCall =
  | { readonly is: 'know'; readonly full: boolean; readonly changes: readonly CellLesson[] }
  | { readonly is: 'claims' }
  | { readonly is: 'decode'; readonly envelope: WireEnvelope; readonly teaches: boolean }
  | { readonly is: 'encode'; readonly command: string; readonly device: string; readonly args: unknown };

export type ToCell =
  | LoadOrder
  | StartOrder
  | { readonly is: 'call'; readonly id: number; readonly call: WireCall }
  /** The gateway is up: the plugin's own `start` may run. */
  | { readonly is: 'begin'; readonly variables: Readonly<Record<string, string>>; readonly messageBytes: number }
  /** The handles were revoked. */
  | { readonly is: 'halt' }
  | { readonly is: 'told'; readonly id: number; readonly told: Told }
  | { readonly is: 'heard'; readonly stream: number; readonly heard: Heard };

/** What the cell says. To the gateway it is `unknown` until it has passed `readFromCell`. */
export type FromCell =
  | { readonly is: 'loaded'; readonly shape: LiveShape }
  | { readonly is: 'ready'; readonly described: CellDescription }
  /** The plugin cannot be used; the text may come from the plugin and stays out of logs. */
  | { readonly is: 'unusable'; readonly code: 'PC-R201' | 'PC-S105' | 'CONFIG_INVALID'; readonly detail: string }
  | { readonly is: 'answer'; readonly id: number; readonly answer: WireAnswer }
  | { readonly is: 'ask'; readonly id: number; readonly ask: HandleAsk }
  /** The plugin's `start` threw; its text could hold a secret and stays in the cell. */
  | { readonly is: 'start-failed' };

/** The same, as the cell writes it: bytes are text on the wire. */
export type SaidByCell =
  | Exclude<FromCell, { is: 'ask' }>
  | { readonly is: 'ask'; readonly id: number; readonly ask: WireAsk };

export type WireAnswer = CellAnswer | CellRefusal;
