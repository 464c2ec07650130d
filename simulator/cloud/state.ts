import type { Clock } from '../../gateway/lib/clock.ts';
import type { CommandQueue } from './commands.ts';
import type { DeviceBook } from './devices.ts';
import type { FaultBox } from './faults.ts';
import type { GatewayBook } from './gateways.ts';
import type { MessageQueue } from './messages.ts';
import type { ProductModel } from './products.ts';
import type { ReceivedLog } from './received.ts';
import type { ApiClass } from './quota.ts';
import type { Reply } from './reply.ts';
import type { Tokens } from './tokens.ts';

/**
 * What a repeated idempotency key gets: `accept` answers success without a second effect, `refuse` answers 1113,
 * `apply` has no memory and applies it again (a cloud without idempotency, for tests that must be able to fail).
 */
export type RepeatPolicy = 'accept' | 'refuse' | 'apply';

/** Everything that the cloud knows; all of it in memory and bounded. */
export interface CloudState {
  readonly clock: Clock;
  readonly tokens: Tokens;
  readonly devices: DeviceBook;
  readonly received: ReceivedLog;
  readonly gateways: GatewayBook;
  readonly commands: CommandQueue;
  readonly messages: MessageQueue;
  /** By product id. */
  readonly products: Map<string, ProductModel>;
  readonly faults: FaultBox;
  readonly repeats: RepeatPolicy;
}

/** A call whose signature, token and quota were found good. `body` is parsed JSON, undefined when empty. */
export interface Call {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: unknown;
  /** The ids in the header `Idempotency-Key`, none when it is missing. */
  readonly keys: readonly string[];
  readonly now: number;
  readonly signal: AbortSignal;
}

export type Handler = (call: Call, state: CloudState) => Reply | Promise<Reply>;

/** One row of the API: `:name` stands for one segment of the path. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly api: ApiClass;
  readonly handle: Handler;
}
