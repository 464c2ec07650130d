import type { Place } from '../../contracts/message.ts';
import type { Book } from './book.ts';
import { chainOf } from './places.ts';

/** Where a device stands from now on; without a place, nowhere that the registry knows. */
export interface Located {
  readonly device: string;
  readonly place: Place | undefined;
}

/** Ids of what a commit changed. */
export interface Touched {
  readonly places: readonly string[];
  readonly devices: readonly string[];
}

export interface Whereabouts {
  /** The devices that stand elsewhere since the last call; without `touched` every device is looked at. */
  moved(touched?: Touched): readonly Located[];
}

/** Follows where devices stand, so that messages can say it. A renamed place moves everything in it. */
export function openWhereabouts({ places, devices }: Book): Whereabouts {
  const told = new Map<string, Place>();
  let byPlace = new Map<string, Place>();
  const placeOf = (id: string): Place => {
    let place = byPlace.get(id);
    if (place === undefined) {
      const names: Place = {};
      for (const { kind, name } of chainOf(places, id)) names[kind] = name;
      place = names;
      byPlace.set(id, place);
    }
    return place;
  };
  return {
    moved(touched) {
      const all = touched === undefined || touched.places.length > 0;
      if (all) byPlace = new Map();
      const moved: Located[] = [];
      const look = (device: string): void => {
        const at = devices.get(device)?.place;
        const place = at === undefined ? undefined : placeOf(at);
        if (isSame(told.get(device), place)) return;
        if (place === undefined) told.delete(device);
        else told.set(device, place);
        moved.push({ device, place });
      };
      if (all) for (const { id } of devices.values()) look(id);
      for (const id of touched?.devices ?? []) look(id);
      return moved;
    },
  };
}

function isSame(one: Place | undefined, other: Place | undefined): boolean {
  if (one === other) return true;
  if (one === undefined || other === undefined) return false;
  return (['building', 'floor', 'area', 'room'] as const).every((kind) => one[kind] === other[kind]);
}
