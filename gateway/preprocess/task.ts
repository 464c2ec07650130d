import type { CommandProof } from '../../contracts/command-proof.ts';
import type { Measurement } from '../../contracts/message.ts';
import type { TextMeasurement } from '../../contracts/pipeline.ts';
import type { Envelope, Outgoing, SerialPoll } from '../../contracts/plugin.ts';
import type { CheckedShape } from '../lib/live-shape.ts';
import type { ModuleFence } from '../lib/module-fence.ts';
import type { PackedResults } from './packed-results.ts';
import type { Site, StepOptions } from './options.ts';

/** What crosses between the main thread and a decode thread. Nothing here carries a class: errors travel as values. */

/** Given to each thread when it starts. */
export interface ThreadData {
  readonly plugins: readonly {
    readonly name: string;
    readonly entry: string;
    readonly fence?: ModuleFence | undefined;
    readonly expected?: CheckedShape | undefined;
    readonly config: unknown;
  }[];
  readonly site: Site;
  readonly steps: StepOptions;
  /** One cell per task slot: the index of the envelope in work, so that a culprit is known after a crash. */
  readonly progress: SharedArrayBuffer;
  /** Where the long results of each slot may lie. */
  readonly rooms: readonly SharedArrayBuffer[];
}

/** One change of a plugin's knowledge; `json` is the value's JSON text, absent when the key is forgotten. `by`: the login that it belongs to. */
export interface Change {
  readonly plugin: number;
  readonly key: string;
  readonly json?: string | undefined;
  readonly by?: string | undefined;
}

/** The changes that made one version out of the version before. */
export interface Revision {
  readonly version: number;
  readonly changes: readonly Change[];
}

/**
 * How a thread gets up to date before it works: the revisions after `base`, or everything. A thread that is older
 * than `base` answers `stale` and gets the task again with everything.
 */
export interface Briefing {
  /** True when the one revision holds everything that is known. */
  readonly full: boolean;
  readonly base: number;
  readonly version: number;
  readonly revisions: readonly Revision[];
  /** Where devices stand and which logins ended, in versions of its own; only for the decode threads. */
  readonly places?: Briefing;
}

export interface DecodeTask {
  readonly is: 'decode';
  readonly slot: number;
  readonly briefing: Briefing;
  /** `headWidth` values per envelope, see `packEnvelopes`. */
  readonly heads: readonly (string | number | boolean)[];
  readonly payloads: ArrayBuffer;
  /** Long results may lie in the room of the slot. */
  readonly useRoom: boolean;
}

export interface EncodeTask {
  readonly is: 'encode';
  readonly briefing: Briefing;
  readonly plugin: number;
  readonly command: string;
  readonly request: { readonly device: string; readonly args: unknown };
}

/** Asks for the plugins' descriptions and, for all of them, the topics that their knowledge claims. */
export interface DescribeTask {
  readonly is: 'describe';
  readonly briefing: Briefing;
}

export type Task = DecodeTask | EncodeTask | DescribeTask;

/** A measurement without what the main thread knows anyway. */
export type Decoded = Omit<Measurement, 'rts' | 'src'>;

export function measurementOf(decoded: Decoded, envelope: Envelope, proto: string): Measurement {
  return { ...decoded, rts: envelope.receivedAt, src: { proto, topic: envelope.topic } };
}

/** Why an envelope, or one reading in it, is of no use. */
export interface Refusal {
  readonly device?: string;
  readonly code: string;
  readonly detail: string;
}

/** What became of one envelope in the thread: the plain arrays are the common case of measurements only. */
export type EnvelopeResult = readonly TextMeasurement[] | readonly Decoded[] | DetailedResult;

export interface DetailedResult {
  readonly measurements: readonly Decoded[];
  readonly refused: readonly Refusal[];
  readonly changes: readonly Change[];
}

export function changesOf(result: EnvelopeResult): readonly Change[] {
  return 'changes' in result ? result.changes : [];
}

/** Topics that plugins' knowledge lays claim to, by plugin index. */
export type Claims = readonly (readonly [plugin: number, topics: readonly string[]])[];

export interface CommandDescriptor {
  readonly name: string;
  readonly idempotent: boolean;
  /** JSON Schema of the arguments. */
  readonly args: unknown;
}

/** What a plugin says about itself; data only, so that the gateway never runs plugin code on its main thread. */
export interface LiveRefusal {
  readonly code: 'PC-R201' | 'PC-R203' | 'PC-R205' | 'PC-S105';
  readonly detail: string;
}

export interface PluginDescriptor {
  /** Why it serves nothing: its live module is not what was checked. Codes of the admission's run-time family. */
  readonly refused?: LiveRefusal | undefined;
  readonly name: string;
  readonly proto: string;
  readonly topics: readonly string[];
  readonly teaches: readonly string[];
  readonly commands: readonly CommandDescriptor[];
  /** Left out by a plugin in a process of its own: it asks through the handle that it was granted. */
  readonly polls?: readonly SerialPoll[] | undefined;
}

export type Reply =
  | { readonly is: 'stale'; readonly thread: number }
  | {
      readonly is: 'decoded';
      readonly thread: number;
      readonly version: number;
      readonly places?: number;
      readonly results: PackedResults;
      /** Something was learnt: the results hold changes, and this is what the learners now claim. */
      readonly taught: boolean;
      readonly claims: Claims;
    }
  | {
      readonly is: 'encoded';
      readonly thread: number;
      readonly version: number;
      readonly places?: number;
      readonly outbound: readonly Outgoing[];
      readonly proof?: CommandProof | undefined;
    }
  | {
      readonly is: 'described';
      readonly thread: number;
      readonly version: number;
      readonly places?: number;
      readonly plugins: readonly PluginDescriptor[];
      readonly claims: Claims;
    }
  | { readonly is: 'failed'; readonly code: 'CONFIG_INVALID' | 'COMMAND_INVALID'; readonly detail: string };

/** Which part of `Briefing.places` says what. */
export const placesOfDevices = 0;
export const endedLogins = 1;

export const headWidth = 10;

/** The plugin index of an envelope that no plugin wants. */
export const nobody = -1;

/** An envelope with the plugin that it goes to; with `teaches` the plugin learns from it before it decodes it. */
export interface RoutedEnvelope {
  readonly envelope: Envelope;
  readonly plugin: number;
  readonly teaches: boolean;
}

/**
 * Copies the payloads of a batch into one buffer that is transferred, so that neither a slice drags its 64 KiB socket
 * chunk through structured clone nor each message costs a buffer of its own.
 */
export function packEnvelopes(items: readonly RoutedEnvelope[]): Pick<DecodeTask, 'heads' | 'payloads'> {
  let total = 0;
  for (const { envelope } of items) total += envelope.payload.length;
  const payloads = new ArrayBuffer(total);
  const bytes = new Uint8Array(payloads);
  const heads: (string | number | boolean)[] = [];
  let end = 0;
  for (const { envelope, plugin, teaches } of items) {
    bytes.set(envelope.payload, end);
    end += envelope.payload.length;
    const { transport, client, topic, retain, receivedAt, user = '', publishes = [] } = envelope;
    // No filter has a NUL in it (MQTT 3.1.1, section 1.5.3).
    const rights = teaches ? publishes.join('\0') : '';
    heads.push(plugin, teaches, transport, client, topic, retain, receivedAt, user, rights, end);
  }
  return { heads, payloads };
}

/** Reads envelope `index` back; its payload is a view into the batch's buffer. `publishes` is there where it teaches. */
export function unpackEnvelope(
  task: DecodeTask,
  index: number,
): RoutedEnvelope & Required<Pick<Envelope, 'publishes'>> {
  const { heads, payloads } = task;
  const at = index * headWidth;
  const start = index === 0 ? 0 : (heads[at - 1] as number);
  const envelope: Envelope = {
    transport: heads[at + 2] as Envelope['transport'],
    client: heads[at + 3] as string,
    topic: heads[at + 4] as string,
    retain: heads[at + 5] as boolean,
    receivedAt: heads[at + 6] as number,
    user: (heads[at + 7] as string) || undefined,
    payload: new Uint8Array(payloads, start, (heads[at + 9] as number) - start),
  };
  const teaches = heads[at + 1] as boolean;
  const publishes = teaches ? (heads[at + 8] as string).split('\0') : [];
  return { envelope, plugin: heads[at] as number, teaches, publishes };
}
