import { PortcullisError } from '../../contracts/errors.ts';
import { deviceId, deviceName, profileName, tagList, type DeviceRecord } from '../../contracts/registry.ts';
import { csvColumns, importBounds, type ImportReport } from '../../contracts/registry-bulk.ts';
import type { Book, Bounds } from './book.ts';
import { csvLine, readCsv } from './csv.ts';
import { parsed } from './parsed.ts';
import { pathOf, placesByPath } from './places.ts';
import { DryRun, Faults, newTally, upsert, type Described } from './upsert.ts';

type Column = (typeof csvColumns)[number];
type Cells = Readonly<Partial<Record<Column, string>>>;

/**
 * Takes a CSV file of devices in, all of it or nothing: throws COMMAND_INVALID with the line of each fault. A column
 * that is missing leaves things as they are, an empty cell takes them away; a place is written as its path, tags with
 * spaces between.
 */
export function importDevices(draft: Book, text: string, dryRun: boolean, bounds: Bounds): ImportReport {
  const tally = newTally();
  const faults = new Faults();
  const placeAt = placesByPath(draft.places);
  const seen = new Map<string, number>();
  for (const { line, cells } of rowsOf(text)) {
    faults.attempt(`line ${line}`, () => {
      const device = describedBy(cells, placeAt);
      const before = seen.get(device.id);
      if (before !== undefined) throw wrong(`the device "${device.id}" stands in line ${before} already`);
      seen.set(device.id, line);
      upsert(draft, device, bounds, tally);
    });
  }
  faults.raise();
  if (dryRun) throw new DryRun<ImportReport>(tally);
  return tally;
}

/** The devices as a CSV file that the import takes. */
export function* exportDevices({ places }: Book, devices: Iterable<DeviceRecord>): Generator<string> {
  yield csvLine(csvColumns);
  for (const { id, name, profile = '', place, tags, lifeCycle, cloudId = '' } of devices) {
    const path = place === undefined ? '' : pathOf(places, place);
    yield csvLine([id, name, profile, path, tags.join(' '), lifeCycle, cloudId].map(asText));
  }
}

function* rowsOf(text: string): Generator<{ readonly line: number; readonly cells: Cells }> {
  let header: readonly Column[] | undefined;
  let rows = 0;
  for (const { line, cells } of readCsv(text)) {
    if (header === undefined) {
      header = headerIn(cells);
      continue;
    }
    rows += 1;
    if (rows > importBounds.maxRows) throw wrong(`A file has at most ${importBounds.maxRows} devices; split it.`);
    if (cells.length > header.length) throw wrong(`line ${line}: more cells than the header has columns`);
    yield { line, cells: Object.fromEntries(cells.map((cell, at) => [header?.[at], fromText(cell.trim())])) };
  }
  if (header === undefined) throw wrong('The file is empty.');
}

function headerIn(cells: readonly string[]): readonly Column[] {
  const names = cells.map((cell) => cell.trim());
  const unknown = names.find((name) => !csvColumns.includes(name as Column));
  if (unknown !== undefined) {
    throw wrong(`line 1: there is no column "${unknown.slice(0, 64)}"; the columns are ${csvColumns.join(', ')}`);
  }
  if (new Set(names).size < names.length) throw wrong('line 1: a column stands there twice');
  if (!names.includes('id')) throw wrong('line 1: the column id is missing');
  return names as Column[];
}

function describedBy(cells: Cells, placeAt: ReturnType<typeof placesByPath>): Described {
  const { id = '', name, profile, place, tags } = cells;
  const found = place === undefined || place === '' ? undefined : placeAt(place);
  if (place !== undefined && place !== '' && found === undefined)
    throw wrong(`there is no place "${place.slice(0, 272)}"`);
  return {
    id: parsed(deviceId, id, 'id'),
    ...(name !== undefined && name !== '' && { name: parsed(deviceName, name, 'name') }),
    ...(profile !== undefined && { profile: profile === '' ? null : parsed(profileName, profile, 'profile') }),
    ...(place !== undefined && { place: found?.id ?? null }),
    ...(tags !== undefined && { tags: parsed(tagList, tags.split(/\s+/).filter(Boolean), 'tags') }),
  };
}

/**
 * A spreadsheet runs a cell that begins like a formula, and names come from devices; behind an apostrophe it is text.
 */
const asText = (cell: string): string => (/^[=+\-@']/.test(cell) ? `'${cell}` : cell);
const fromText = (cell: string): string => (/^'[=+\-@']/.test(cell) ? cell.slice(1) : cell);

const wrong = (sentence: string): PortcullisError => new PortcullisError('COMMAND_INVALID', sentence);
