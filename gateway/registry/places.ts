import { randomBytes } from 'node:crypto';
import { PortcullisError } from '../../contracts/errors.ts';
import {
  placeKinds,
  type NewPlace,
  type PlaceEdit,
  type PlaceKind,
  type PlaceRecord,
  type PlaceRemoval,
} from '../../contracts/registry.ts';
import { found, roomIn, type Book, type Bounds } from './book.ts';
import type { Shelf } from './shelf.ts';

type Places = Pick<Shelf<PlaceRecord>, 'get' | 'values'>;

/** A short id that nobody types: places are found by their path. */
export const newId = (): string => randomBytes(6).toString('hex');

export function addPlace(draft: Book, { kind, name, parent }: NewPlace, bounds: Bounds): PlaceRecord {
  roomIn(draft.places, bounds.maxPlaces, 'places');
  mayStand(draft.places, kind, parent);
  mayBeCalled(draft.places, { name, parent });
  return draft.places.put({ id: newId(), kind, name, parent });
}

/** Renames or moves a place; what stands in it comes along. */
export function editPlace(draft: Book, { id, name, parent, version }: PlaceEdit): PlaceRecord {
  const before = found(draft.places, 'place', { id, version });
  const after = { ...before, name: name ?? before.name, parent: parent ?? before.parent };
  if (after.name === before.name && after.parent === before.parent) return before;
  mayStand(draft.places, before.kind, after.parent);
  mayBeCalled(draft.places, after);
  return draft.places.put(after);
}

/** Removes a place; with `cascade` also the places in it, and their devices move to its parent. */
export function removePlace(draft: Book, { id, version, cascade }: PlaceRemoval): PlaceRecord {
  const place = found(draft.places, 'place', { id, version });
  const gone = new Set(subtreeOf(draft.places, id));
  const devices = [...draft.devices.values()].filter((device) => device.place !== undefined && gone.has(device.place));
  if (!cascade && (gone.size > 1 || devices.length > 0)) {
    const content = `${gone.size - 1} places and ${devices.length} devices`;
    throw new PortcullisError('CONFLICT', `"${place.name}" holds ${content}. Empty it, or remove it with cascade.`);
  }
  for (const device of devices) draft.devices.put({ ...device, place: place.parent });
  for (const group of draft.groups.values()) {
    const areas = group.areas.filter((area) => !gone.has(area));
    if (areas.length < group.areas.length) draft.groups.put({ ...group, areas });
  }
  for (const each of gone) draft.places.delete(each);
  return place;
}

/** The place itself and everything in it. */
export function subtreeOf(places: Places, id: string): string[] {
  const children = Map.groupBy(places.values(), ({ parent }) => parent);
  const all = [id];
  for (const each of all) for (const child of children.get(each) ?? []) all.push(child.id);
  return all;
}

/** From the building to the place itself. */
export function chainOf(places: Places, id: string): PlaceRecord[] {
  const chain: PlaceRecord[] = [];
  for (let place = places.get(id); place !== undefined; place = parentOf(places, place)) chain.unshift(place);
  return chain;
}

export function pathOf(places: Places, id: string): string {
  return chainOf(places, id)
    .map(({ name }) => name)
    .join('/');
}

/** Ids and paths of a place and of all that it stands in; none for an unknown one. */
export function around(places: Places, id: string): string[] {
  if (places.get(id) === undefined) return [];
  const chain = chainOf(places, id);
  return chain.flatMap((place, at) => [
    place.id,
    chain
      .slice(0, at + 1)
      .map(({ name }) => name)
      .join('/'),
  ]);
}

/** Finds places by their path; made once for many look-ups. */
export function placesByPath(places: Places): (path: string) => PlaceRecord | undefined {
  const byPlace = new Map([...places.values()].map((place) => [siblingKey(place), place]));
  return (path) => {
    let place: PlaceRecord | undefined;
    for (const name of path.split('/')) {
      place = byPlace.get(siblingKey({ name: name.trim(), parent: place?.id }));
      if (place === undefined) return undefined;
    }
    return place;
  };
}

const parentOf = (places: Places, { parent }: PlaceRecord): PlaceRecord | undefined =>
  parent === undefined ? undefined : places.get(parent);

const siblingKey = ({ name, parent }: Pick<PlaceRecord, 'name' | 'parent'>): string => `${parent ?? ''}/${name}`;

const one = (kind: PlaceKind): string => `${kind === 'area' ? 'an' : 'a'} ${kind}`;

/** A place of one kind stands in a place of the kind before, a building in nothing: so no place can stand in itself. */
function mayStand(places: Places, kind: PlaceKind, parent: string | undefined): void {
  const outer = placeKinds[placeKinds.indexOf(kind) - 1];
  if (outer === undefined && parent === undefined) return;
  if (outer === undefined) throw new PortcullisError('COMMAND_INVALID', 'A building stands in no other place.');
  if (parent === undefined)
    throw new PortcullisError('COMMAND_INVALID', `A place of the kind ${kind} needs ${one(outer)}.`);
  const { kind: given, name } = found(places, 'place', { id: parent });
  if (given === outer) return;
  throw new PortcullisError('COMMAND_INVALID', `"${name}" is ${one(given)}, and ${one(kind)} stands in ${one(outer)}.`);
}

function mayBeCalled(places: Places, wanted: Pick<PlaceRecord, 'name' | 'parent'> & { readonly id?: string }): void {
  for (const { id, name, parent } of places.values()) {
    if (id === wanted.id || parent !== wanted.parent || name !== wanted.name) continue;
    throw new PortcullisError('CONFLICT', `There is a "${name}" in that place already.`);
  }
}
