import { z } from 'zod';
import { PortcullisError } from '../../contracts/errors.ts';
import {
  groupEditSchema,
  newGroupSchema,
  newPlaceSchema,
  placeEditSchema,
  placeKinds,
  placeRemovalSchema,
  removalSchema,
  type GroupRecord,
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
      needs: 'site.read',
      target: 'some',
      input: z.object({}),
      result: z.object({ places: z.array(place.extend({ path: z.string() })) }),
      handle: async (_input, { may }) => {
        const all = Array.from(book.places(), (one) => ({ ...one, path: book.pathOf(one.id) }));
        const places = all.filter(({ id }) => may('site.read', { place: id }));
        return { places: places.toSorted((one, other) => (one.path < other.path ? -1 : 1)) };
      },
    }),
    route({
      method: 'POST',
      path,
      summary: 'Adds a place: a building, or a floor, area or room in a place of the kind before.',
      needs: 'site.edit',
      target: ({ parent }) => (parent === undefined ? 'everything' : { place: parent }),
      input: newPlaceSchema,
      result: place,
      handle: async (wanted) => shown(await book.addPlace(wanted)),
    }),
    route({
      method: 'PATCH',
      path: `${path}/:id`,
      summary: 'Renames a place or moves it, with everything in it.',
      needs: 'site.edit',
      target: ({ id }) => ({ place: id }),
      input: placeEditSchema,
      result: place,
      handle: async (edit, { may }) => {
        if (edit.parent !== undefined && !may('site.edit', { place: edit.parent })) {
          throw new PortcullisError('NOT_ALLOWED', 'The place may not be moved to one that is not yours.');
        }
        return shown(await book.editPlace(edit));
      },
    }),
    route({
      method: 'DELETE',
      path: `${path}/:id`,
      summary: 'Removes an empty place; with cascade=true everything in it goes, and its devices move to its parent.',
      needs: 'site.edit',
      target: ({ id }) => ({ place: id }),
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
      needs: 'site.read',
      target: 'some',
      input: z.object({}),
      result: z.object({ groups: z.array(group) }),
      handle: async (_input, { may }) => {
        const isShown = ({ areas }: GroupRecord): boolean =>
          may('site.read', 'everything') || areas.some((area) => may('site.read', { place: area }));
        const groups = [...book.groups()].filter(isShown);
        return { groups: groups.toSorted((one, other) => (one.name < other.name ? -1 : 1)) };
      },
    }),
    route({
      method: 'POST',
      path: groupPath,
      summary: 'Adds a group.',
      needs: 'site.edit',
      input: newGroupSchema,
      result: group,
      handle: (wanted) => book.addGroup(wanted),
    }),
    route({
      method: 'PATCH',
      path: `${groupPath}/:id`,
      summary: 'Changes name, members or areas of a group.',
      needs: 'site.edit',
      input: groupEditSchema,
      result: group,
      handle: (edit) => book.editGroup(edit),
    }),
    route({
      method: 'DELETE',
      path: `${groupPath}/:id`,
      summary: 'Removes a group.',
      needs: 'site.edit',
      input: removalSchema,
      result: group,
      handle: (removal) => book.removeGroup(removal),
    }),
  ];
}
