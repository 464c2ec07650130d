import { z } from 'zod';
import {
  groupEditSchema,
  newGroupSchema,
  newPlaceSchema,
  placeEditSchema,
  placeKinds,
  placeRemovalSchema,
  removalSchema,
  type PlaceBook,
  type PlaceRecord,
} from '../../contracts/registry.ts';
import { count } from './read-routes.ts';
import { route, type Route } from './route.ts';

const place = z.looseObject({ id: z.string(), kind: z.enum(placeKinds), name: z.string(), version: count });
const group = z.looseObject({
  id: z.string(),
  name: z.string(),
  members: z.array(z.string()),
  areas: z.array(z.string()),
  version: count,
});
const path = '/api/v1/places';
const groupPath = '/api/v1/groups';

/** Buildings, floors, areas and rooms. */
export function placeRoutes(book: PlaceBook): Route[] {
  const shown = (one: PlaceRecord): object => ({ ...one, path: book.pathOf(one.id) });
  return [
    route({
      method: 'GET',
      path,
      summary: 'Every place with its path from the building, in the order of the paths.',
      input: z.object({}),
      result: z.object({ places: z.array(place.extend({ path: z.string() })) }),
      handle: async () => {
        const places = Array.from(book.places(), (one) => ({ ...one, path: book.pathOf(one.id) }));
        return { places: places.toSorted((one, other) => (one.path < other.path ? -1 : 1)) };
      },
    }),
    route({
      method: 'POST',
      path,
      summary: 'Adds a place: a building, or a floor, area or room in a place of the kind before.',
      admin: true,
      input: newPlaceSchema,
      result: place,
      handle: async (wanted) => shown(await book.addPlace(wanted)),
    }),
    route({
      method: 'PATCH',
      path: `${path}/:id`,
      summary: 'Renames a place or moves it, with everything in it.',
      admin: true,
      input: placeEditSchema,
      result: place,
      handle: async (edit) => shown(await book.editPlace(edit)),
    }),
    route({
      method: 'DELETE',
      path: `${path}/:id`,
      summary: 'Removes an empty place; with cascade=true everything in it goes, and its devices move to its parent.',
      admin: true,
      input: placeRemovalSchema,
      result: place,
      handle: (removal) => book.removePlace(removal),
    }),
  ];
}

/** People who are responsible for areas. */
export function groupRoutes(book: PlaceBook): Route[] {
  return [
    route({
      method: 'GET',
      path: groupPath,
      summary: 'The groups, their members and the areas they are responsible for.',
      input: z.object({}),
      result: z.object({ groups: z.array(group) }),
      handle: async () => ({ groups: [...book.groups()].toSorted((one, other) => (one.name < other.name ? -1 : 1)) }),
    }),
    route({
      method: 'POST',
      path: groupPath,
      summary: 'Adds a group.',
      admin: true,
      input: newGroupSchema,
      result: group,
      handle: (wanted) => book.addGroup(wanted),
    }),
    route({
      method: 'PATCH',
      path: `${groupPath}/:id`,
      summary: 'Changes name, members or areas of a group.',
      admin: true,
      input: groupEditSchema,
      result: group,
      handle: (edit) => book.editGroup(edit),
    }),
    route({
      method: 'DELETE',
      path: `${groupPath}/:id`,
      summary: 'Removes a group.',
      admin: true,
      input: removalSchema,
      result: group,
      handle: (removal) => book.removeGroup(removal),
    }),
  ];
}
