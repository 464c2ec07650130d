import type { Logger } from 'pino';
import { PortcullisError } from '../../../contracts/errors.ts';
import type { Batch, Sink, Verdict, WriteResult } from '../../../contracts/sink.ts';
import { SinkAlarms } from '../sink-alarms.ts';
import { openWire, type Wire, type WireAnswer } from '../wire.ts';
import { classOf, classOfFault, rules, type ErrorClass } from './error-classes.ts';
import { linesOf } from './line-protocol.ts';

export interface InfluxOptions {
  /** `http:` or `https:`, without path. */
  readonly url: URL;
  /** Where points go: database (and retention policy) of InfluxDB 1, or organisation and bucket of 2 and later. */
  readonly into: Readonly<Record<string, string>>;
  readonly version: 1 | 2;
  /** The header `Authorization`, where one is needed. */
  readonly authorization?: string;
  readonly ca?: string;
  /** Different series that are written until the next start; a record of one more is rejected. */
  readonly maxSeries: number;
}

interface Planned {
  readonly index: number;
  readonly text: string;
}

interface Fault {
  readonly class: ErrorClass;
  readonly detail: string;
  readonly retryAfterMs?: number;
}

const keep: Verdict = { is: 'keep' };
const accept: Verdict = { is: 'accept' };
const answerTimeoutMs = 20_000;

/**
 * A sink for InfluxDB: one call per batch, its lines in the order of the log. Points are the same when they are written
 * again, so an answer that was lost costs nothing. A record without a value (a change of the registry) is accepted as it is.
 */
export function openInfluxSink(options: InfluxOptions, { log }: { readonly log: Logger }): Sink {
  return new Influx(options, log);
}

class Influx implements Sink {
  readonly name = 'influx';
  readonly limits = { records: 1_000, bytes: 524_288 };
  readonly #options: InfluxOptions;
  readonly #log: Logger;
  readonly #wire: Wire;
  readonly #alarms = new SinkAlarms('influx');
  readonly #series = new Set<string>();
  #lastClass: ErrorClass | undefined;

  constructor(options: InfluxOptions, log: Logger) {
    this.#options = options;
    this.#log = log;
    const { ca } = options;
    const timeouts = { connectTimeoutMs: 10_000, answerTimeoutMs };
    this.#wire = openWire(options.url, { connections: 2, ...timeouts, ...(ca !== undefined && { ca }) });
  }

  async connect(signal: AbortSignal): Promise<void> {
    const fault = await this.#call('GET', '/ping', '', signal);
    this.#tell(fault);
    if (fault === undefined) return;
    const stops = rules[fault.class].pause === 'stopped';
    throw new PortcullisError(
      stops ? 'SINK_REFUSED' : 'SINK_UNAVAILABLE',
      `InfluxDB does not answer (${fault.class}).`,
    );
  }

  async write({ items }: Batch, signal: AbortSignal): Promise<WriteResult> {
    const verdicts: Verdict[] = items.map(() => accept);
    const planned: Planned[] = [];
    for (const [index, { message }] of items.entries()) {
      const lines = linesOf(message);
      if (lines.length === 0) continue;
      if (lines.every(({ series }) => this.#mayWrite(series))) {
        planned.push({ index, text: lines.map(({ text }) => text).join('\n') });
      } else verdicts[index] = tooManySeries(this.#options.maxSeries);
    }
    for (const { index } of planned) verdicts[index] = keep;
    const fault = await this.#deliver(planned, verdicts, signal);
    this.#tell(fault);
    const bytes = planned.reduce((sum, { index, text }) => sum + (verdicts[index] === accept ? text.length : 0), 0);
    if (fault === undefined) return { verdicts, bytes };
    const forMs = fault.retryAfterMs ?? rules[fault.class].pause ?? 'transient';
    return { verdicts, bytes, pause: { reason: fault.class, forMs } };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#wire[Symbol.asyncDispose]();
  }

  #mayWrite(series: string): boolean {
    if (this.#series.has(series)) return true;
    if (this.#series.size >= this.#options.maxSeries) return false;
    this.#series.add(series);
    return true;
  }

  /** Writes records, or their halves in order where one of them is refused; a fault keeps all that follows. */
  async #deliver(pack: readonly Planned[], verdicts: Verdict[], signal: AbortSignal): Promise<Fault | undefined> {
    const [first, second] = pack;
    if (first === undefined) return undefined;
    const fault = await this.#post(pack.map(({ text }) => text).join('\n'), signal);
    if (fault === undefined) {
      for (const { index } of pack) verdicts[index] = accept;
      return undefined;
    }
    if (rules[fault.class].effect === 'keep') return fault;
    if (second === undefined) {
      verdicts[first.index] = { is: 'reject', code: 'INFLUX_REFUSED', detail: fault.detail };
      return undefined;
    }
    const half = Math.ceil(pack.length / 2);
    return (
      (await this.#deliver(pack.slice(0, half), verdicts, signal)) ??
      (await this.#deliver(pack.slice(half), verdicts, signal))
    );
  }

  #post(body: string, signal: AbortSignal): Promise<Fault | undefined> {
    const { version, into } = this.#options;
    const query = new URLSearchParams({ ...into, precision: 'ns' });
    return this.#call('POST', `${version === 1 ? '/write' : '/api/v2/write'}?${query.toString()}`, body, signal);
  }

  async #call(method: 'GET' | 'POST', target: string, body: string, signal: AbortSignal): Promise<Fault | undefined> {
    const { authorization } = this.#options;
    const headers = {
      ...(body !== '' && { 'content-type': 'text/plain; charset=utf-8' }),
      ...(authorization !== undefined && { authorization }),
    };
    try {
      return faultOf(await this.#wire.exchange({ method, target, headers, body }, signal));
    } catch (error) {
      const { class: kind, code } = classOfFault(error);
      return { class: kind, detail: `InfluxDB did not answer (${code}).` };
    }
  }

  #tell(fault: Fault | undefined): void {
    const alarm = fault && rules[fault.class].alarm;
    if (alarm) this.#alarms.raise(alarm.code, alarm.detail);
    this.#alarms.clearOthers(alarm?.code ?? '');
    if (fault && fault.class !== this.#lastClass) {
      this.#log.warn({ sink: this.name, class: fault.class, said: fault.detail }, 'InfluxDB refuses or is away');
    }
    this.#lastClass = fault?.class;
  }
}

function faultOf({ status, retryAfter, text }: WireAnswer): Fault | undefined {
  const kind = classOf(status, text);
  if (kind === undefined) return undefined;
  const seconds = Number(retryAfter);
  const waits = kind === 'throttle' && seconds > 0 && seconds <= 3_600;
  const detail = `InfluxDB answered ${status}: ${text.replaceAll(/\p{C}+/gu, ' ').slice(0, 512)}`;
  return { class: kind, detail, ...(waits && { retryAfterMs: seconds * 1_000 }) };
}

const tooManySeries = (most: number): Verdict => ({
  is: 'reject',
  code: 'INFLUX_SERIES',
  detail: `There are ${most} series since the start already. Raise influx.maxSeries where so many devices are meant.`,
});
