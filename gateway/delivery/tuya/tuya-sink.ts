import type { CommandPort } from '../../../contracts/command.ts';
import { PortcullisError } from '../../../contracts/errors.ts';
import type { Batch, BatchItem, Sink, Verdict, WriteResult } from '../../../contracts/sink.ts';
import { SinkAlarms } from '../sink-alarms.ts';
import { chunks, reportTogether } from './batch-report.ts';
import { countCalls, planSteps, type PlannedItem, type Step } from './coalesce.ts';
import { DeviceRun } from './device-run.ts';
import { rules, type ErrorClass } from './error-classes.ts';
import { connections, openTuyaLink, type LinkDeps, type LinkOptions, type TuyaLink } from './link.ts';
import { hasValues, project } from './projection.ts';
import { Strikes } from './strikes.ts';
import { WriteRound } from './write-round.ts';

export interface TuyaOptions extends LinkOptions {
  /** Uses the batch report of the local cloud, which the real one does not have. */
  readonly batch: boolean;
}

export interface TuyaDeps extends LinkDeps {
  /** Tells whether all parts of a command of the cloud are done. */
  readonly commands?: Pick<CommandPort, 'status'> | undefined;
}

/** A sink for a Tuya-style cloud (third-party cloud service over HTTPS). */
export interface TuyaSink extends Sink {
  /** The account, for what comes down from the cloud; it ends with the sink. */
  readonly link: TuyaLink;
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
  return new Tuya(options, deps, openTuyaLink(options, deps));
}

const clockAlarm = 'GATEWAY_CLOCK';

class Tuya implements TuyaSink {
  readonly name = 'tuya';
  readonly limits;
  readonly link: TuyaLink;
  readonly #options: TuyaOptions;
  readonly #deps: TuyaDeps;
  readonly #strikes = new Strikes();
  readonly #alarms = new SinkAlarms('tuya');
  /** Devices whose records the cloud does not take, and why: while there is one, its alarm stays. */
  readonly #resting = new Map<string, ErrorClass>();
  /** Endpoint and environment: a key of another region or project fails like a wrong one. */
  readonly #where: string;
  /** Code of the trouble that the last call ended with: the same one is logged once. */
  #lastTrouble: string | undefined;

  constructor(options: TuyaOptions, deps: TuyaDeps, link: TuyaLink) {
    this.limits = { records: options.batch ? 2_000 : 500, bytes: 1_048_576 };
    this.#options = options;
    this.#deps = deps;
    this.link = link;
    const { host } = new URL(options.endpoint);
    this.#where = options.environment === undefined ? host : `${host}, ${options.environment}`;
  }

  async connect(signal: AbortSignal): Promise<void> {
    const refusal = await this.link.client.login(signal);
    this.#tellState(refusal);
    if (refusal === undefined) return;
    const stops = rules[refusal.class].pause === 'stopped';
    const why = refusal.class === 'time' ? 'waiting for time' : refusal.reason;
    throw new PortcullisError(
      stops ? 'SINK_REFUSED' : 'SINK_UNAVAILABLE',
      `The cloud at ${this.#where} gives no token: ${why}.`,
    );
  }

  async write(batch: Batch, signal: AbortSignal): Promise<WriteResult> {
    const round = new WriteRound({
      caller: this.link.caller,
      strikes: this.#strikes,
      clock: this.#deps.clock,
      batch,
      signal,
    });
    if (!(await this.#learnProducts(batch, round))) return round.result();
    const runs = this.#plan(batch, round);
    if (this.#options.batch) await this.#together(runs, round);
    else await eachOf(runs, (run) => run.run());
    const result = round.result();
    this.#noteResting(batch, result.verdicts, round.resting);
    this.#tellState(round.trouble);
    return result;
  }

  #noteResting({ items }: Batch, verdicts: readonly Verdict[], resting: ReadonlyMap<string, ErrorClass>): void {
    for (const [index, { message }] of items.entries()) {
      if (verdicts[index]?.is !== 'keep') this.#resting.delete(message.dev.id);
    }
    for (const [device, why] of resting) this.#resting.set(device, why);
  }

  retryRejected(): Promise<void> {
    return this.link.book.retryRejected();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.link[Symbol.asyncDispose]();
  }

  /** False when nothing can be sent before link or account are back. */
  async #learnProducts(batch: Batch, round: WriteRound): Promise<boolean> {
    const { book, products } = this.link;
    const gatewayOf = new Map(
      batch.items.flatMap(({ message }) => (hasValues(message) ? [[message.dev.id, message.gw]] : [])),
    );
    const admit = async (device: string): Promise<string | undefined> => {
      const admission = await book.admit(gatewayOf.get(device) ?? '', device, round.signal);
      return admission.is === 'ready' ? admission.cloudId : undefined;
    };
    const refusal = await products.prepare([...gatewayOf.keys()], admit, (call) => round.call('product', call));
    if (refusal === undefined) return true;
    round.refuse(batch.items, refusal);
    this.#tellState(round.trouble);
    return false;
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
    const allowed = this.link.quota.available(this.#deps.clock.monoMs(), batch.lane === 'urgent');
    const chosen = this.#options.batch || countCalls(exact.flat()) <= allowed ? exact : steps(true);
    const { commands } = this.#deps;
    return planned.map(({ items: [first] }, index) => {
      const { gw: gateway = '', dev } = first?.message ?? {};
      return new DeviceRun({
        gateway,
        device: dev?.id ?? '',
        steps: chosen[index] ?? [],
        round,
        book: this.link.book,
        commands,
      });
    });
  }

  #project(item: BatchItem): PlannedItem {
    return { item, projected: project(item.message, this.link.products.of(item.message.dev.id)) };
  }

  #tellState(trouble: WriteRound['trouble']): void {
    const { log } = this.#deps;
    if (trouble === undefined) {
      const ofResting = [...new Set(this.#resting.values())].flatMap((kind) => rules[kind].alarm?.code ?? []);
      this.#alarms.clearOthers(clockAlarm, ...ofResting);
    } else {
      const { class: kind, code, reason } = trouble;
      if (this.#lastTrouble !== code) log.warn({ sink: this.name, class: kind, code }, reason);
      const { alarm, pause } = rules[kind];
      if (alarm) this.#alarms.raise(alarm.code, `${alarm.detail} (${this.#where})`, { pauses: pause !== undefined });
    }
    if (trouble !== undefined || this.#resting.size === 0) this.#lastTrouble = trouble?.code;
    if (this.link.client.clock.suspect)
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
