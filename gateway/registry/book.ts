import { PortcullisError } from '../../contracts/errors.ts';
import type { DeviceRecord, GroupRecord, PlaceRecord } from '../../contracts/registry.ts';
import { Shelf } from './shelf.ts';

/** Everything that the registry holds, or an edit of it in the making. */
export interface Book {
  readonly places: Shelf<PlaceRecord>;
  readonly groups: Shelf<GroupRecord>;
  readonly devices: Shelf<DeviceRecord>;
}

/** Sized for one gateway: its devices are all in memory. */
export const defaultBounds = {
  maxDevices: 20_000,
  /** Devices that appeared by themselves stop here, so that a flood of made-up ids leaves room for the operator's. */
  maxAppeared: 15_000,
  maxPlaces: 5_000,
  maxGroups: 500,
};
export type Bounds = typeof defaultBounds;

export function draftOver(below: Book): Book {
  return { places: new Shelf(below.places), groups: new Shelf(below.groups), devices: new Shelf(below.devices) };
}

export function mergeInto(below: Book, draft: Book): void {
  below.places.merge(draft.places);
  below.groups.merge(draft.groups);
  below.devices.merge(draft.devices);
}

/** The subject, in the version that the caller has seen. Throws NOT_FOUND or CONFLICT. */
export function found<T extends { readonly id: string; readonly version: number }>(
  shelf: Pick<Shelf<T>, 'get'>,
  what: string,
  { id, version }: { readonly id: string; readonly version?: number | undefined },
): T {
  const one = shelf.get(id);
  if (one === undefined) throw new PortcullisError('NOT_FOUND', `There is no ${what} "${id}".`);
  if (version !== undefined && version !== one.version) {
    const sentence = `The ${what} "${id}" was changed meanwhile: it has version ${one.version}, not ${version}. Read it again.`;
    throw new PortcullisError('CONFLICT', sentence);
  }
  return one;
}

/** Throws REGISTRY_FULL when there is no room for one more. */
export function roomIn(shelf: { readonly size: number }, most: number, what: string): void {
  if (shelf.size >= most) {
    throw new PortcullisError('REGISTRY_FULL', `The registry holds ${most} ${what}, which is the most it takes.`);
  }
}
