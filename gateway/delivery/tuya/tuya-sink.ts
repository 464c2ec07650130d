import type { Logger } from 'pino';
import type { CommandPort } from '../../../contracts/command.ts';
import { PortcullisError } from '../../../contracts/errors.ts';
import type { DeviceDirectory } from '../../../contracts/registry.ts';
import type { Batch, BatchItem, Sink, WriteResult } from '../../../contracts/sink.ts';
import type { TableStore } from '../../../contracts/table-set.ts';
import type { Clock } from '../../lib/clock.ts';
import { systemScheduler, type Scheduler } from '../scheduler.ts';
import { Alarms } from './alarms.ts';
import { chunks, reportTogether } from './batch-report.ts';
import { Caller } from './caller.ts';
import { openTuyaClient, type TuyaClient } from './client.ts';
import { countCalls, planSteps, type PlannedItem, type Step } from './coalesce.ts';
import { DeviceRun } from './device-run.ts';
import { DeviceBook } from './devices.ts';
import { rules } from './error-classes.ts';
import { project, type ProductDefinition } from './projection.ts';
import { CallQuota } from './quota.ts';
import { Strikes } from './strikes.ts';
import { WriteRound } from './write-round.ts';

export interface TuyaOptions {
  readonly endpoint: string;
  readonly clientId: string;
  readonly secret: string;
  /** PEM text of the authority that signed the endpoint's certificate, where that is not a public one. */
  readonly ca?: string;
  readonly productId: string;
  /** Product of the gateway itself; with it the gateway is registered too, and every device behind it. */
  readonly gatewayProductId?: string | undefined;
  /** The data points of the product; a code that is not among them is reported as it is. */
  readonly dataPoints?: ProductDefinition;
  /** Uses the batch report of the local cloud, which the real one does not have. */
  readonly batch: boolean;
  readonly callsPerSecond: number;
  readonly answerTimeoutMs?: number;
}

export interface TuyaDeps {
  readonly store: TableStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly scheduler?: Scheduler;
  /** The registry: names of devices, and who is told what the cloud says of them. */
  readonly directory?: DeviceDirectory | undefined;
  /** Tells whether all parts of a command of the cloud are done. */
  readonly commands?: Pick<CommandPort, 'status'> | undefined;
}

/** A sink for a Tuya-style cloud (third-party cloud service over HTTPS). */
export interface TuyaSink extends Sink {
  /** Gives the devices that the cloud has rejected another chance: their next record registers them again. */
  retryRejected(): Promise<void>;
}

/**
 * Opens the sink; nothing is sent before `connect`. Throws CONFIG_INVALID for an endpoint that no cloud has.
 * The secret appears in no log, error or URL.
 *
 *     write → projection → coalesce → device-run (one per device) → write-round → caller (quota) → client → wire
 *                                          └ devices (registration)   └ error-classes (verdicts)    └ token, signature
 */
export function openTuyaSink(options: TuyaOptions, deps: TuyaDeps): TuyaSink {
  const { endpoint, clientId, secret, ca, answerTimeoutMs = 10_000 } = options;
  const wire = { connections, connectTimeoutMs: 10_000, answerTimeoutMs, ...(ca !== undefined && { ca }) };
  return new Tuya(options, deps, openTuyaClient({ endpoint, clientId, secret, ...wire }, deps.clock));
}

/** Kept-alive connections to the endpoint, and so calls at the same time. */
const connections = 16;

/** How long a registration waits for its place under the quota. */
const registrationWaitMs = 2_000;

const clockAlarm = 'GATEWAY_CLOCK';

class Tuya implements TuyaSink {
  readonly name = 'tuya';
  readonly limits;
  readonly #options: TuyaOptions;
  readonly #deps: TuyaDeps;
  readonly #client: TuyaClient;
  readonly #quota: CallQuota;
  readonly #caller: Caller;
  readonly #book: DeviceBook;
  readonly #strikes = new Strikes();
  readonly #alarms = new Alarms('tuya');
  /** Code of the trouble that the last call ended with: the same one is logged once. */
  #lastTrouble: string | undefined;

  constructor(options: TuyaOptions, deps: TuyaDeps, client: TuyaClient) {
    const { store, clock, scheduler = systemScheduler } = deps;
    this.limits = { records: options.batch ? 2_000 : 500, bytes: 1_048_576 };
    this.#options = options;
    this.#deps = deps;
    this.#client = client;
    const perSecond = options.callsPerSecond;
    this.#quota = new CallQuota({ perSecond, burst: Math.max(2, Math.ceil(perSecond)) }, clock.monoMs());
    this.#caller = new Caller({ client, quota: this.#quota, clock, scheduler });
    this.#book = new DeviceBook({
      store,
      clock,
      productOf: () => options.productId,
      gatewayProduct: options.gatewayProductId,
      directory: deps.directory,
      call: (call, signal) =>
        this.#caller.call('register', call, { urgent: true, signal, until: clock.monoMs() + registrationWaitMs }),
    });
  }

  async connect(signal: AbortSignal): Promise<void> {
    const refusal = await this.#client.login(signal);
    this.#tellState(refusal);
    if (refusal === undefined) return;
    const stops = rules[refusal.class].pause === 'stopped';
    const why = refusal.class === 'time' ? 'waiting for time' : refusal.reason;
    throw new PortcullisError(stops ? 'SINK_REFUSED' : 'SINK_UNAVAILABLE', `The cloud gives no token: ${why}.`);
  }

  async write(batch: Batch, signal: AbortSignal): Promise<WriteResult> {
    const round = new WriteRound({
      caller: this.#caller,
      strikes: this.#strikes,
      clock: this.#deps.clock,
      batch,
      signal,
    });
    const runs = this.#plan(batch, round);
    if (this.#options.batch) await this.#together(runs, round);
    else await eachOf(runs, (run) => run.run());
    this.#tellState(round.trouble);
    return round.result();
  }

  retryRejected(): Promise<void> {
    return this.#book.retryRejected();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }

  /** Reports of many devices together, in turns, so that what lies between a device's reports keeps its place. */
  async #together(runs: readonly DeviceRun[], round: WriteRound): Promise<void> {
    for (let open = runs.filter((run) => run.open); open.length > 0; open = open.filter((run) => run.open)) {
      await eachOf(open, (run) => run.enter());
      await eachOf(chunks(open), async (chunk) => {
        if (!round.halted) await reportTogether(chunk, round);
      });
      await eachOf(open, async (run) => {
        if (run.nextReports().length === 0) await run.run(true);
      });
    }
  }

  /** Groups by device, and merges states when the quota does not allow a call for each now. */
  #plan(batch: Batch, round: WriteRound): DeviceRun[] {
    const byDevice = Map.groupBy(batch.items, (item) => item.message.dev.id);
    const planned = [...byDevice.values()].map((items) => ({ items, plan: items.map((item) => this.#project(item)) }));
    const steps = (mergeStates: boolean): Step[][] => planned.map(({ plan }) => planSteps(plan, mergeStates));
    const exact = steps(false);
    const allowed = this.#quota.available(this.#deps.clock.monoMs(), batch.lane === 'urgent');
    const chosen = this.#options.batch || countCalls(exact.flat()) <= allowed ? exact : steps(true);
    const { commands } = this.#deps;
    return planned.map(({ items: [first] }, index) => {
      const { gw: gateway = '', dev } = first?.message ?? {};
      return new DeviceRun({
        gateway,
        device: dev?.id ?? '',
        steps: chosen[index] ?? [],
        round,
        book: this.#book,
        commands,
      });
    });
  }

  #project(item: BatchItem): PlannedItem {
    return { item, projected: project(item.message, this.#options.dataPoints) };
  }

  #tellState(trouble: WriteRound['trouble']): void {
    const { log } = this.#deps;
    if (trouble === undefined) this.#alarms.clearOthers(clockAlarm);
    else {
      const { class: kind, code, reason } = trouble;
      if (this.#lastTrouble !== code) log.warn({ sink: this.name, class: kind, code }, reason);
      const { alarm } = rules[kind];
      if (alarm) this.#alarms.raise(alarm.code, alarm.detail);
    }
    this.#lastTrouble = trouble?.code;
    if (this.#client.clock.suspect)
      this.#alarms.raise(clockAlarm, 'The clock of the gateway is wrong; the cloud told its time.');
    else this.#alarms.clear(clockAlarm);
  }
}

/** Runs `work` on every entry, as many at a time as there are connections. */
async function eachOf<T>(entries: readonly T[], work: (entry: T) => Promise<void>): Promise<void> {
  const rest = entries.values();
  const worker = async (): Promise<void> => {
    for (const entry of rest) await work(entry);
  };
  await Promise.all(Array.from({ length: Math.min(connections, entries.length) }, worker));
}
