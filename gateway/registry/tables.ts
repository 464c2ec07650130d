import type { DeviceRecord, GroupRecord, LifeCycle, PlaceKind, PlaceRecord } from '../../contracts/registry.ts';
import type { SqlRow, SqlValue, TableSet, TableStore, Write } from '../../contracts/table-set.ts';
import type { Book } from './book.ts';
import { Shelf, type Changed } from './shelf.ts';

/** The registry on disk. It is read once, at the start; `registry_floors` is `Shelf.floor` of each kind. */
export const registryTables: TableSet = {
  name: 'registry',
  migrations: [
    `CREATE TABLE registry_places (
       id TEXT PRIMARY KEY, version INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, parent TEXT
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE registry_groups (
       id TEXT PRIMARY KEY, version INTEGER NOT NULL, name TEXT NOT NULL, members TEXT NOT NULL, areas TEXT NOT NULL
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE registry_devices (
       id TEXT PRIMARY KEY, version INTEGER NOT NULL, name TEXT NOT NULL, profile TEXT, life_cycle TEXT NOT NULL,
       place TEXT, tags TEXT NOT NULL, cloud_id TEXT, refusal TEXT, user TEXT, replaces TEXT, replaced_by TEXT
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE registry_floors (subject TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID;`,
  ],
  statements: {
    readPlaces: 'SELECT id, version, kind, name, parent FROM registry_places',
    putPlace: `INSERT INTO registry_places VALUES (?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET version = excluded.version, kind = excluded.kind, name = excluded.name,
        parent = excluded.parent`,
    deletePlace: 'DELETE FROM registry_places WHERE id = ?',
    readGroups: 'SELECT id, version, name, members, areas FROM registry_groups',
    putGroup: `INSERT INTO registry_groups VALUES (?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET version = excluded.version, name = excluded.name, members = excluded.members,
        areas = excluded.areas`,
    deleteGroup: 'DELETE FROM registry_groups WHERE id = ?',
    readDevices: `SELECT id, version, name, profile, life_cycle, place, tags, cloud_id, refusal, user, replaces,
        replaced_by FROM registry_devices`,
    putDevice: `INSERT INTO registry_devices VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET version = excluded.version, name = excluded.name, profile = excluded.profile,
        life_cycle = excluded.life_cycle, place = excluded.place, tags = excluded.tags, cloud_id = excluded.cloud_id,
        refusal = excluded.refusal, user = excluded.user, replaces = excluded.replaces,
        replaced_by = excluded.replaced_by`,
    deleteDevice: 'DELETE FROM registry_devices WHERE id = ?',
    readFloors: 'SELECT subject, version FROM registry_floors',
    putFloor: `INSERT INTO registry_floors VALUES (?, ?)
      ON CONFLICT DO UPDATE SET version = excluded.version WHERE excluded.version > version`,
  },
};

/** Reads all of it into memory. */
export async function loadBook(store: TableStore): Promise<Book> {
  const floors = new Map((await store.read('registry.readFloors', [])).map((row) => [row['subject'], row['version']]));
  const floorOf = (subject: string): number => Number(floors.get(subject) ?? 0);
  const book: Book = {
    places: new Shelf<PlaceRecord>(undefined, floorOf('place')),
    groups: new Shelf<GroupRecord>(undefined, floorOf('group')),
    devices: new Shelf<DeviceRecord>(undefined, floorOf('device')),
  };
  for (const row of await store.read('registry.readPlaces', [])) book.places.load(placeIn(row));
  for (const row of await store.read('registry.readGroups', [])) book.groups.load(groupIn(row));
  for (const row of await store.read('registry.readDevices', [])) book.devices.load(deviceIn(row));
  return book;
}

export function placeWrite({ id, version, value }: Changed<PlaceRecord>): Write {
  if (value === undefined) return { statement: 'registry.deletePlace', params: [id] };
  return { statement: 'registry.putPlace', params: [id, version, value.kind, value.name, value.parent ?? null] };
}

export function groupWrite({ id, version, value }: Changed<GroupRecord>): Write {
  if (value === undefined) return { statement: 'registry.deleteGroup', params: [id] };
  const params = [id, version, value.name, JSON.stringify(value.members), JSON.stringify(value.areas)];
  return { statement: 'registry.putGroup', params };
}

export function deviceWrite({ id, version, value }: Changed<DeviceRecord>): Write {
  if (value === undefined) return { statement: 'registry.deleteDevice', params: [id] };
  const params: SqlValue[] = [
    id,
    version,
    value.name,
    value.profile ?? null,
    value.lifeCycle,
    value.place ?? null,
    JSON.stringify(value.tags),
    value.cloudId ?? null,
    value.refusal === undefined ? null : JSON.stringify(value.refusal),
    value.user ?? null,
    value.replaces ?? null,
    value.replacedBy ?? null,
  ];
  return { statement: 'registry.putDevice', params };
}

export function floorWrite(subject: string, floor: number): Write {
  return { statement: 'registry.putFloor', params: [subject, floor] };
}

const textIn = (row: SqlRow, column: string): string | undefined =>
  row[column] === null ? undefined : String(row[column]);
const listIn = (row: SqlRow, column: string): string[] => JSON.parse(String(row[column])) as string[];
const headIn = (row: SqlRow): { id: string; version: number; name: string } => ({
  id: String(row['id']),
  version: Number(row['version']),
  name: String(row['name']),
});

function placeIn(row: SqlRow): PlaceRecord {
  return { ...headIn(row), kind: String(row['kind']) as PlaceKind, parent: textIn(row, 'parent') };
}

function groupIn(row: SqlRow): GroupRecord {
  return { ...headIn(row), members: listIn(row, 'members'), areas: listIn(row, 'areas') };
}

function deviceIn(row: SqlRow): DeviceRecord {
  const refusal = textIn(row, 'refusal');
  return {
    ...headIn(row),
    profile: textIn(row, 'profile'),
    lifeCycle: String(row['life_cycle']) as LifeCycle,
    place: textIn(row, 'place'),
    tags: listIn(row, 'tags'),
    cloudId: textIn(row, 'cloud_id'),
    refusal: refusal === undefined ? undefined : (JSON.parse(refusal) as DeviceRecord['refusal']),
    user: textIn(row, 'user'),
    replaces: textIn(row, 'replaces'),
    replacedBy: textIn(row, 'replaced_by'),
  };
}
