import type { Measurement } from '../../contracts/message.ts';
import { ownMessage } from '../../contracts/own-message.ts';
import type { Write } from '../../contracts/table-set.ts';
import type { Book } from './book.ts';
import type { Changed } from './shelf.ts';
import { deviceWrite, floorWrite, groupWrite, placeWrite } from './tables.ts';

type Subject = 'place' | 'group' | 'device';

/** What an edit leaves behind, to be committed at once: the rows, and one message per changed subject. */
export interface Traces {
  readonly writes: Write[];
  readonly events: Measurement[];
}

/** Adds the changes that a draft makes to what is below it. */
export function traceOf(draft: Book, now: number, into: Traces): void {
  trace('place', draft.places, placeWrite, now, into);
  trace('group', draft.groups, groupWrite, now, into);
  trace('device', draft.devices, deviceWrite, now, into);
}

function trace<T extends { readonly id: string; readonly version: number }>(
  subject: Subject,
  shelf: { readonly floor: number; changes(): Iterable<Changed<T>> },
  writeOf: (changed: Changed<T>) => Write,
  now: number,
  { writes, events }: Traces,
): void {
  let deleted = false;
  for (const changed of shelf.changes()) {
    writes.push(writeOf(changed));
    events.push(eventOf(subject, changed, now));
    deleted ||= changed.op === 'deleted';
  }
  if (deleted) writes.push(floorWrite(subject, shelf.floor));
}

/**
 * A device's change has the device's key and goes in the lane of its telemetry: what was measured before it was
 * decommissioned is delivered before that. An import of thousands does not stand before alarms there.
 */
function eventOf<T extends object>(subject: Subject, { id, version, op, value }: Changed<T>, now: number): Measurement {
  return ownMessage(subject === 'device' ? id : `${subject}:${id}`, 'registry', now, {
    kind: 'change',
    cls: 'state',
    change: { subject, id, op, version, ...(value !== undefined && { value: valueOf(value) }) },
  });
}

function valueOf(record: object): NonNullable<NonNullable<Measurement['change']>['value']> {
  const { id: _id, version: _version, ...value } = record as Record<string, never>;
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined));
}
