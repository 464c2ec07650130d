import { PortcullisError } from '../../contracts/errors.ts';
import { tagList, type DeviceRecord } from '../../contracts/registry.ts';
import type { DeviceFilter, Operation, OperationReport } from '../../contracts/registry-bulk.ts';
import { found, type Book } from './book.ts';
import { decommission, editDevice, retry } from './devices.ts';
import { subtreeOf } from './places.ts';
import { DryRun } from './upsert.ts';

/** The devices that fit. Throws NOT_FOUND for a place that is not there. */
export function select(
  book: Book,
  filter: DeviceFilter & { readonly ids?: readonly string[] | undefined },
): DeviceRecord[] {
  const { place, tag, profile, lifeCycle } = filter;
  const places =
    place === undefined ? undefined : new Set(subtreeOf(book.places, found(book.places, 'place', { id: place }).id));
  const ids = filter.ids === undefined ? undefined : new Set(filter.ids);
  return [...book.devices.values()].filter(
    (device) =>
      (places === undefined || (device.place !== undefined && places.has(device.place))) &&
      (tag === undefined || device.tags.includes(tag)) &&
      (profile === undefined || device.profile === profile) &&
      (lifeCycle === undefined || device.lifeCycle === lifeCycle) &&
      (ids === undefined || ids.has(device.id)),
  );
}

/** The same change for every device that is selected and lives; what it does not concern stays as it is. */
export function operate(draft: Book, { select: filter, dryRun, ...operation }: Operation): OperationReport {
  const devices = select(draft, filter).filter(({ lifeCycle }) => lifeCycle !== 'DECOMMISSIONED');
  const change = changeFor(draft, operation);
  const changed: string[] = [];
  for (const device of devices) if (change(device) !== device) changed.push(device.id);
  const report = { matched: devices.length, changed };
  if (dryRun) throw new DryRun(report);
  return report;
}

function changeFor(
  draft: Book,
  { do: what, place, tags }: Omit<Operation, 'select' | 'dryRun'>,
): (device: DeviceRecord) => DeviceRecord {
  switch (what) {
    case 'move': {
      const { id } = found(draft.places, 'place', { id: place ?? '' });
      return (device) => editDevice(draft, { id: device.id, place: id });
    }
    case 'tag':
    case 'untag': {
      if (tags === undefined || tags.length === 0) throw new PortcullisError('COMMAND_INVALID', 'Say which tags.');
      return ({ id, tags: before }) => {
        const after = what === 'tag' ? [...new Set([...before, ...tags])] : before.filter((one) => !tags.includes(one));
        if (tagList.safeParse(after).success) return editDevice(draft, { id, tags: after });
        throw new PortcullisError('COMMAND_INVALID', `The device "${id}" would have more than 16 tags.`);
      };
    }
    case 'retry':
      return (device) => (device.lifeCycle === 'REJECTED' ? retry(draft, { id: device.id }) : device);
    default:
      return ({ id }) => decommission(draft, { id });
  }
}
