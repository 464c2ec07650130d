import type { Logger } from 'pino';
import type { AlarmDesk } from '../../contracts/alarms.ts';
import type { CommandPort } from '../../contracts/command.ts';
import type { HistoryReader } from '../../contracts/history.ts';
import type { LiveView } from '../../contracts/live.ts';
import type { TableStore } from '../../contracts/table-set.ts';
import type { Origin, ShownTwin, TwinEdit } from '../../contracts/twin.ts';
import type { Clock } from '../lib/clock.ts';

export interface TwinPort {
  show(device: string): ShownTwin;
  edit(edit: TwinEdit, by: Origin): Promise<ShownTwin>;
}

/** What flows reach of the gateway. */
export interface FlowPorts {
  readonly commands: CommandPort;
  readonly live: LiveView;
  readonly twins: TwinPort;
  readonly alarms: AlarmDesk;
  readonly history: Pick<HistoryReader, 'query'>;
}

export interface FlowsDeps extends FlowPorts {
  readonly store: TableStore;
  readonly clock: Clock;
  readonly log: Logger;
}
