import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import { PortcullisError } from '../../../contracts/errors.ts';
import type { Batch, BatchItem, Sink, WriteResult } from '../../../contracts/sink.ts';
import type { TableStore } from '../../../contracts/table-set.ts';
import type { Clock } from '../../lib/clock.ts';
import { systemScheduler, type Scheduler } from '../scheduler.ts';
import { Alarms } from './alarms.ts';
import { chunks, reportTogether } from './batch-report.ts';
import { Caller } from './caller.ts';
import { openTuyaClient, type TuyaClient } from './client.ts';
import { countCalls, planSteps, type PlannedItem, type Thrift } from './coalesce.ts';
import { DeviceRun } from './device-run.ts';
import { DeviceBook, type DeviceProfile } from './devices.ts';
import { rules } from './error-classes.ts';
import { project, type ProductDefinition } from './projection.ts';
import { CallQuota } from './quota.ts';
import { Strikes } from './strikes.ts';
import { WriteRound } from './write-round.ts';

export interface TuyaOptions {
  readonly endpoint: string;
  readonly clientId: string;
  readonly secretFile: string;
  /** PEM file of the authority that signed the endpoint's certificate, where that is not a public one. */
  readonly ca?: string | undefined;
  readonly productId: string;
  /** Uses the batch report of the local cloud, which the real one does not have. */
  readonly batch: boolean;
  readonly callsPerSecond: number;
  /** `latest` lets telemetry coalesce too when the quota is short; `delay`, the default, keeps every point. */
  readonly overQuota?: 'delay' | 'latest';
  readonly bindType?: 'HOME' | 'ASSET';
  readonly groupId?: string;
  /** Registers devices as children of their gateway. */
  readonly asChildren?: boolean;
  readonly connections?: number;
  readonly connectTimeoutMs?: number;
  readonly answerTimeoutMs?: number;
}

export interface TuyaDeps {
  readonly store: TableStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly scheduler?: Scheduler;
  readonly profileOf?: (device: string) => DeviceProfile | undefined;
  /** The product of a device, where its data points are defined. */
  readonly definitionsOf?: (device: string) => ProductDefinition | undefined;
}

/** A sink for a Tuya-style cloud (third-party cloud service over HTTPS). */
export interface TuyaSink extends Sink {
  /** Gives a rejected device another chance: its next record registers it again. */
  retryDevice(gateway: string, device: string): Promise<void>;
}

/**
 * Opens the sink; nothing is sent before `connect`. Rejects with CONFIG_INVALID or FILE_UNREADABLE.
 * The secret is read once and appears in no log, error or URL.
 */
export async function openTuyaSink(options: TuyaOptions, deps: TuyaDeps): Promise<TuyaSink> {
  const secret = (await readText(options.secretFile, 'secret')).trim();
  if (secret === '')
    throw new PortcullisError('FILE_UNREADABLE', `The cloud's secret in ${options.secretFile} is empty.`);
  const ca = options.ca === undefined ? undefined : await readText(options.ca, 'certificate authority');
  const connections = options.connections ?? 16;
  const client = openTuyaClient(
    {
      endpoint: options.endpoint,
      clientId: options.clientId,
      secret,
      connections,
      connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
      answerTimeoutMs: options.answerTimeoutMs ?? 10_000,
      ...(ca === undefined ? {} : { ca }),
    },
    deps.clock,
  );
  return new Tuya(options, deps, client);
}

async function readText(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new PortcullisError('FILE_UNREADABLE', `The cloud's ${what} cannot be read from ${path}.`, { cause });
  }
}

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
    const { store, clock, scheduler = systemScheduler, profileOf = () => undefined } = deps;
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
      profileOf,
      productId: options.productId,
      bindType: options.bindType ?? 'ASSET',
      groupId: options.groupId,
      asChildren: options.asChildren ?? false,
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
    const connections = this.#options.connections ?? 16;
    if (this.#options.batch) {
      await eachOf(runs, connections, async (run) => {
        if (!round.halted) await run.enter();
      });
      await this.#together(runs, round, connections);
    } else {
      await eachOf(runs, connections, async (run) => {
        if (round.halted) return;
        await run.enter();
        await run.run();
      });
    }
    this.#tellState(round.trouble);
    return round.result();
  }

  retryDevice(gateway: string, device: string): Promise<void> {
    return this.#book.forget(gateway, device);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }

  /** Reports of many devices together, in turns, so that what lies between a device's reports keeps its place. */
  async #together(runs: readonly DeviceRun[], round: WriteRound, connections: number): Promise<void> {
    for (let open = runs.filter((run) => run.open); open.length > 0; open = open.filter((run) => run.open)) {
      await eachOf(chunks(open), connections, async (chunk) => {
        if (!round.halted) await reportTogether(chunk, round);
      });
      await eachOf(open, connections, async (run) => {
        if (run.nextReports().length === 0) await run.run(true);
      });
    }
  }

  /** Groups by device and chooses the least thrift that the quota allows at this moment. */
  #plan(batch: Batch, round: WriteRound): DeviceRun[] {
    const byDevice = Map.groupBy(batch.items, (item) => item.message.dev.id);
    const planned = [...byDevice.values()].map((items) => ({ items, plan: items.map((item) => this.#project(item)) }));
    const allowed = this.#quota.available(this.#deps.clock.monoMs(), batch.lane === 'urgent');
    const choices: Thrift[] = this.#options.overQuota === 'latest' ? ['exact', 'state', 'latest'] : ['exact', 'state'];
    const stepsAt = (thrift: Thrift) => planned.map(({ items, plan }) => ({ items, steps: planSteps(plan, thrift) }));
    let chosen = stepsAt('exact');
    for (const thrift of this.#options.batch ? [] : choices.slice(1)) {
      if (chosen.reduce((sum, { steps }) => sum + countCalls(steps), 0) <= allowed) break;
      chosen = stepsAt(thrift);
    }
    return chosen.map(({ items, steps }) => new DeviceRun(items, steps, round, this.#book));
  }

  #project(item: BatchItem): PlannedItem {
    return { item, projected: project(item.message, this.#deps.definitionsOf?.(item.message.dev.id)) };
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

/** Runs `work` on every entry, at most `limit` at a time. */
async function eachOf<T>(entries: readonly T[], limit: number, work: (entry: T) => Promise<void>): Promise<void> {
  const rest = entries.values();
  const worker = async (): Promise<void> => {
    for (const entry of rest) await work(entry);
  };
  await Promise.all(Array.from({ length: Math.min(limit, entries.length) }, worker));
}
