import type { RecordClass } from '../../contracts/message.ts';
import type { Entry, WrittenMeasurement } from '../../contracts/pipeline.ts';
import { lanes, type Lane } from '../../contracts/sink.ts';
import type { CommitRequest, LaneRecords } from './protocol.ts';

/** An entry, ready to be sent. Records are JSON at once, so that the size is known and later changes do not matter. */
export interface EncodedEntry {
  readonly records: readonly WrittenMeasurement[];
  readonly entry: Omit<Entry, 'measurements' | 'followsOn'>;
  readonly bytes: number;
  /** Telemetry alone may wait for company; everything else is committed at once. */
  readonly mayLinger: boolean;
  readonly followsOn: boolean;
}

const laneFor = (cls: RecordClass): Lane => (cls === 'alarm' || cls === 'event' ? 'urgent' : 'normal');

/** What a record costs beside its own text while it waits. */
const overheadBytes = 64;

export function encodeEntry({ measurements, filtered, deadLetters, writes, followsOn = false }: Entry): EncodedEntry {
  const records = measurements.map(written);
  let bytes = overheadBytes * (1 + filtered.length);
  let mayLinger = deadLetters.length === 0 && writes.length === 0;
  for (const { text, cls } of records) {
    bytes += text.length + overheadBytes;
    mayLinger &&= cls === 'telemetry';
  }
  for (const { sample, detail, origin } of deadLetters) {
    bytes += sample.length + detail.length + (origin?.rest.length ?? 0) + overheadBytes;
  }
  for (const write of writes) {
    for (const value of write.params)
      bytes += typeof value === 'string' || value instanceof Uint8Array ? value.length : 8;
  }
  return { records, entry: { filtered, deadLetters, writes }, bytes, mayLinger, followsOn };
}

function written(one: Entry['measurements'][number]): WrittenMeasurement {
  return 'text' in one ? one : { text: JSON.stringify(one), device: one.dev.id, cls: one.cls, kind: one.kind };
}

/** Puts entries together for one commit. */
export function buildCommit(entries: readonly EncodedEntry[]): CommitRequest {
  const perLane = new Map<Lane, WrittenMeasurement[]>(lanes.map((lane) => [lane, []]));
  for (const { records } of entries) for (const record of records) perLane.get(laneFor(record.cls))?.push(record);
  return {
    lanes: [...perLane].filter(([, records]) => records.length > 0).map(([lane, records]) => buildLane(lane, records)),
    filtered: entries.flatMap(({ entry }) => entry.filtered.map((one) => [one.device, one.reason, one.count] as const)),
    deadLetters: entries.flatMap(({ entry }) => entry.deadLetters),
    writes: entries.flatMap(({ entry }, index) => entry.writes.map((write) => ({ entry: index, ...write }))),
  };
}

function buildLane(lane: Lane, records: readonly WrittenMeasurement[]): LaneRecords {
  const places = new Map<string, number>();
  const devices: [string, number][] = [];
  const classes: Partial<Record<RecordClass, number>> = {};
  const index: number[] = [];
  let lines = '';
  for (const { text, device, cls } of records) {
    const place = places.get(device) ?? devices.push([device, 0]) - 1;
    places.set(device, place);
    const counts = devices[place];
    if (counts) counts[1] += 1;
    classes[cls] = (classes[cls] ?? 0) + 1;
    index.push(place);
    lines += `\n${text}`;
  }
  return { lane, text: `[${index.join(',')}]${lines}`, n: records.length, devices, classes };
}
