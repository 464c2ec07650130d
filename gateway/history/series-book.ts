import type { FollowerPort } from '../../contracts/log-follower.ts';
import { historyBounds, shardCount } from './options.ts';
import type { CounterState, ValueType } from './samples.ts';

/** One metric of one device: what makes two samples comparable. */
export interface SeriesKey {
  readonly device: string;
  readonly metric: string;
  readonly type: ValueType;
  readonly unit: string;
  readonly counter: boolean;
}

export interface Series extends SeriesKey {
  readonly id: number;
  readonly shard: number;
  /** Not in the table yet. */
  isNew: boolean;
  heardUpMs: number;
  /** When the table was last told that it was heard. */
  toldUpMs: number;
  counterAt: CounterState | undefined;
  /** Mark of the gathering that it has samples in. */
  sampledIn: object | undefined;
}

export function shardOf(device: string): number {
  let hash = 0;
  for (let i = 0; i < device.length; i++) hash = (Math.imul(hash, 31) + device.charCodeAt(i)) | 0;
  return (hash >>> 0) % shardCount;
}

/** The series that were heard lately; the table knows the others. */
export class SeriesBook {
  readonly #port: FollowerPort;
  /** Device, then metric, type, unit and counter. */
  readonly #devices = new Map<string, Map<string, Series>>();
  /** Device, then metric: which of its series was heard last. Most have one, and it is found without its whole name. */
  readonly #lastHeard = new Map<string, Map<string, Series>>();
  readonly #byId = new Map<number, Series>();
  /** Counters of series that are not held. */
  readonly #counters = new Map<number, readonly [shard: number, state: CounterState]>();
  #nextId: number;
  #count: number;

  constructor(port: FollowerPort, nextId: number) {
    this.#port = port;
    this.#nextId = nextId;
    this.#count = Number(port.all('history.seriesCount', [])[0]?.['n'] ?? 0);
  }

  get nextId(): number {
    return this.#nextId;
  }

  get count(): number {
    return this.#count;
  }

  byId(id: number): Series | undefined {
    return this.#byId.get(id);
  }

  of(device: string): IterableIterator<Series> {
    return (this.#devices.get(device) ?? new Map<string, Series>()).values();
  }

  /** Where every known counter stands: of a shard, by series. */
  *counters(): Generator<readonly [series: number, shard: number, state: CounterState]> {
    for (const { id, shard, counterAt } of this.#byId.values()) if (counterAt) yield [id, shard, counterAt];
    for (const [id, [shard, state]] of this.#counters) yield [id, shard, state];
  }

  /** Takes over where a counter stood in an earlier life. */
  recall(series: number, shard: number, state: CounterState): void {
    this.#counters.set(series, [shard, state]);
  }

  /** Undefined where there are too many. */
  find(key: SeriesKey, upMs: number): Series | undefined {
    let heard = this.#lastHeard.get(key.device);
    const last = heard?.get(key.metric);
    if (last !== undefined && last.type === key.type && last.unit === key.unit && last.counter === key.counter)
      return last;
    const found = this.#find(key, upMs);
    if (found === undefined) return undefined;
    if (heard === undefined) this.#lastHeard.set(key.device, (heard = new Map()));
    heard.set(key.metric, found);
    return found;
  }

  #find(key: SeriesKey, upMs: number): Series | undefined {
    let own = this.#devices.get(key.device);
    if (own === undefined) {
      own = this.#load(key.device, upMs);
      this.#devices.set(key.device, own);
    }
    const name = nameOf(key);
    const known = own.get(name);
    if (known !== undefined) return known;
    if (own.size >= historyBounds.maxPerDevice || this.#count >= historyBounds.maxSeries) return undefined;
    const added = { ...key, id: this.#nextId, isNew: true, shard: shardOf(key.device) };
    this.#nextId += 1;
    this.#count += 1;
    return this.#hold(own, { ...added, heardUpMs: upMs, toldUpMs: upMs, counterAt: undefined, sampledIn: undefined });
  }

  forget(device: string): void {
    for (const { id } of this.#port.all('history.seriesOf', [device])) this.#counters.delete(Number(id));
    for (const { id } of this.of(device)) this.#byId.delete(id);
    this.#devices.delete(device);
    this.#lastHeard.delete(device);
    this.#port.run('history.forget', [device]);
    this.#recount();
  }

  /** Those that were not heard since are read from the table when they come again. Says whether there were any. */
  letGo(beforeUpMs: number): boolean {
    const { size } = this.#devices;
    for (const [device, own] of this.#devices) {
      if ([...own.values()].some(({ heardUpMs }) => heardUpMs >= beforeUpMs)) continue;
      for (const { id, shard, counterAt } of own.values()) {
        this.#byId.delete(id);
        if (counterAt) this.#counters.set(id, [shard, counterAt]);
      }
      this.#devices.delete(device);
      this.#lastHeard.delete(device);
    }
    return this.#devices.size < size;
  }

  /**
   * Forgets series that were not heard since: nothing that they told is kept any more. The table learns once a day that one was heard.
   * Says whether there were any.
   */
  dropUnheard(beforeUpMs: number): boolean {
    const gone = this.#port.all('history.unheard', [beforeUpMs]).map(({ id }) => Number(id));
    if (gone.length === 0) return false;
    for (const id of gone) {
      this.#counters.delete(id);
      const held = this.#byId.get(id);
      if (held === undefined) continue;
      this.#byId.delete(id);
      this.#devices.get(held.device)?.delete(nameOf(held));
      this.#lastHeard.get(held.device)?.delete(held.metric);
    }
    this.#port.run('history.dropUnheard', [beforeUpMs]);
    this.#recount();
    return true;
  }

  #recount(): void {
    const fresh = [...this.#byId.values()].filter(({ isNew }) => isNew).length;
    this.#count = fresh + Number(this.#port.all('history.seriesCount', [])[0]?.['n'] ?? 0);
  }

  #load(device: string, upMs: number): Map<string, Series> {
    const own = new Map<string, Series>();
    for (const row of this.#port.all('history.seriesOf', [device])) {
      const id = Number(row['id']);
      const counterAt = this.#counters.get(id)?.[1];
      this.#counters.delete(id);
      this.#hold(own, {
        id,
        device,
        metric: String(row['metric']),
        type: row['type'] as ValueType,
        unit: String(row['unit']),
        counter: row['counter'] === 1,
        shard: shardOf(device),
        isNew: false,
        heardUpMs: upMs,
        toldUpMs: 0,
        counterAt,
        sampledIn: undefined,
      });
    }
    return own;
  }

  #hold(own: Map<string, Series>, series: Series): Series {
    own.set(nameOf(series), series);
    this.#byId.set(series.id, series);
    return series;
  }
}

const nameOf = ({ metric, type, unit, counter }: SeriesKey): string => `${metric}\n${type}\n${unit}\n${counter}`;
