import { PortcullisError } from '../../contracts/errors.ts';
import { tagList, type PlaceKind, type PlaceRecord } from '../../contracts/registry.ts';
import type { SiteTemplate, TemplateReport } from '../../contracts/registry-bulk.ts';
import type { Book, Bounds } from './book.ts';
import { addGroup, editGroup } from './groups.ts';
import { parsed } from './parsed.ts';
import { addPlace, placesByPath } from './places.ts';
import { DryRun, Faults, newTally, upsert } from './upsert.ts';

/** Makes what a template names and is not there yet, all of it or nothing; devices are brought up to date. */
export function applyTemplate(draft: Book, template: SiteTemplate, dryRun: boolean, bounds: Bounds): TemplateReport {
  const faults = new Faults();
  const places = addPlaces(draft, template, bounds);
  const placeAt = placesByPath(draft.places);
  const mustFind = (path: string): string => {
    const place = placeAt(path);
    if (place === undefined) throw new PortcullisError('NOT_FOUND', `There is no place "${path}".`);
    return place.id;
  };
  let groups = 0;
  for (const { name, members, areas } of template.groups) {
    faults.attempt(`group ${name}`, () => {
      const before = [...draft.groups.values()].find((group) => group.name === name);
      const wanted = { members, areas: areas.map(mustFind) };
      if (before === undefined) addGroup(draft, { name, ...wanted }, bounds);
      else if (isSame(before, wanted)) return;
      else editGroup(draft, { id: before.id, ...wanted });
      groups += 1;
    });
  }
  const tally = newTally();
  for (const { id, name, template: of, profile, place, tags } of template.devices) {
    faults.attempt(`device ${id}`, () => {
      const common = of === undefined ? undefined : template.deviceTemplates[of];
      if (of !== undefined && common === undefined) {
        throw new PortcullisError('NOT_FOUND', `There is no device template "${of}".`);
      }
      const where = place === undefined ? {} : { place: mustFind(place) };
      const all = new Set([...(common?.tags ?? []), ...(tags ?? [])]);
      const named = common?.tags || tags ? parsed(tagList, [...all], 'tags') : undefined;
      upsert(draft, { id, name, profile: profile ?? common?.profile, ...where, tags: named }, bounds, tally);
    });
  }
  faults.raise();
  const report: TemplateReport = { ...tally, places, groups };
  if (dryRun) throw new DryRun(report);
  return report;
}

/** The number of new places. */
function addPlaces(draft: Book, { buildings }: SiteTemplate, bounds: Bounds): number {
  const before = draft.places.size;
  const known = Map.groupBy(draft.places.values(), ({ parent }) => parent);
  const ensure = (kind: PlaceKind, name: string, parent?: string): string => {
    const siblings: PlaceRecord[] = known.get(parent) ?? [];
    const found = siblings.find((place) => place.name === name);
    if (found !== undefined) return found.id;
    const place = addPlace(draft, { kind, name, ...(parent !== undefined && { parent }) }, bounds);
    known.set(parent, [...siblings, place]);
    return place.id;
  };
  for (const building of buildings) {
    const inBuilding = ensure('building', building.name);
    for (const floor of building.floors) {
      const onFloor = ensure('floor', floor.name, inBuilding);
      for (const area of floor.areas) {
        const inArea = ensure('area', area.name, onFloor);
        for (const room of area.rooms) ensure('room', room, inArea);
      }
    }
  }
  return draft.places.size - before;
}

interface GroupContent {
  readonly members: readonly string[];
  readonly areas: readonly string[];
}

const isSame = (one: GroupContent, other: GroupContent): boolean =>
  isSameList(one.members, other.members) && isSameList(one.areas, other.areas);
const isSameList = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((each, at) => each === other[at]);
