import type { Logger } from 'pino';
import type { AlarmDesk } from '../../contracts/alarms.ts';
import type { CommandPort } from '../../contracts/command.ts';
import type { HistoryReader } from '../../contracts/history.ts';
import type { LiveView } from '../../contracts/live.ts';
import type { TableStore } from '../../contracts/table-set.ts';
import type { Clock } from '../lib/clock.ts';
import type { Devices } from './core/devices.ts';
import type { Told } from './core/feeding.ts';
import type { KnownHere } from './names.ts';
import type { Site } from './schedule/window.ts';

export interface RuleOptions {
  /** Where the site's own rules are, one YAML file each. It need not be there. */
  readonly folder: string;
  readonly site: Site;
  /** Commands beside the shared ones that rules may use. */
  readonly ownCommands: ReadonlySet<string>;
}

export interface RuleDeps {
  readonly store: TableStore;
  readonly live: LiveView;
  readonly devices: Devices;
  readonly knowsPlace: KnownHere['knowsPlace'];
  /** How devices are, as far as it is known without asking them. */
  readonly states: () => Iterable<Told & { readonly ageMs: number }>;
  readonly commands: Pick<CommandPort, 'submit'>;
  readonly alarms: AlarmDesk;
  readonly history: HistoryReader | undefined;
  readonly clock: Clock;
  /** Undefined, or why the wall clock is not to be believed. */
  readonly clockDoubt: () => string | undefined;
  readonly log: Logger;
}
