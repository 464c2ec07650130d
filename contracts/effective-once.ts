/** Where a record stands in its gateway's log: boots count up, and sequences count up within a boot. */
export interface LogPlace {
  readonly gateway: string;
  readonly device: string;
  readonly lane: string;
  readonly boot: number;
  readonly sequence: number;
  /** Place among the records of one message, in topics that have several of it. */
  readonly index?: number;
}

/** One row per gateway, device and lane; keep it where the effects are, in the same transaction. */
export interface OnceState {
  get(key: string): readonly [boot: number, sequence: number, index: number] | undefined;
  set(key: string, place: readonly [boot: number, sequence: number, index: number]): unknown;
}

/**
 * Collapses duplicates of one topic: true for a record that has its effect now, false for one that came before.
 *
 * A gateway writes each device's records in order within a lane, and after a lost answer it repeats from the last one
 * it knows to have arrived. So a record is new exactly when it lies behind the last one of its device and lane. That
 * holds in one partition; a topic whose number of partitions was raised has to be read to its end first.
 */
export function isEffective(record: LogPlace, state: OnceState): boolean {
  const key = `${record.gateway}\n${record.device}\n${record.lane}`;
  const place = [record.boot, record.sequence, record.index ?? 0] as const;
  const last = state.get(key);
  if (last !== undefined && !isBehind(place, last)) return false;
  state.set(key, place);
  return true;
}

function isBehind(place: readonly number[], last: readonly number[]): boolean {
  for (const [i, number] of place.entries()) {
    const other = last[i] ?? 0;
    if (number !== other) return number > other;
  }
  return false;
}

/** Reads the place from a record's key and headers; undefined for a record that no gateway wrote. */
export function placeOf(key: string, headers: ReadonlyMap<string, string>): LogPlace | undefined {
  const gateway = headers.get('gateway');
  const lane = headers.get('lane');
  const boot = count(headers.get('boot'));
  const sequence = count(headers.get('sequence'));
  if (gateway === undefined || lane === undefined || boot === undefined || sequence === undefined) return undefined;
  const index = count(headers.get('index'));
  return { gateway, device: key, lane, boot, sequence, ...(index !== undefined && { index }) };
}

function count(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
