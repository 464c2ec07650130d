import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { metricWords } from '../../../contracts/metric-words.ts';
import { spellings, unitTable, type Unit } from '../../../contracts/unit-table.ts';
import { canonicalUnit, convert, normaliseUnit } from '../../../contracts/units.ts';

const units = Object.keys(unitTable) as Unit[];
const pairs = units.flatMap((from) => units.filter((to) => convert(1, from, to) !== undefined).map((to) => [from, to]));

test('known conversions are exact to the last shown digit', () => {
  const cases: [number, Unit, Unit, number][] = [
    [2985, 'mV', 'V', 2.985],
    [61244, 'Wmin', 'Wh', 1020.73333333333],
    [73.06, 'kWh', 'Wh', 73060],
    [1471.2, 'mWh', 'Wh', 1.4712],
    [57.9, 'degF', 'Cel', 14.3888888889],
    [88.92, 'degF', 'Cel', 31.6222222222],
    [32, 'degF', 'Cel', 0],
    [19.37, 'Cel', 'K', 292.52],
    [366, 'mired', 'K', 2732.24043715847],
    [29.88, 'inHg', 'hPa', 1011.85292573389],
    [101.3, 'kPa', 'hPa', 1013],
    [254, '1/254', '%', 100],
    [0.92, '/', '%', 92],
    [92, '%', '/', 0.92],
    [10.2, 'km/h', 'm/s', 2.83333333333333],
    [21.44, 'in', 'mm', 544.576],
    [0.071, 'mg/m3', 'ug/m3', 71],
    [871, 'ppb', 'ppm', 0.871],
  ];
  for (const [value, from, to, expected] of cases) assert.equal(convert(value, from, to), expected, `${from} ${to}`);
});

test('a conversion there and back gives the value again', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...(pairs as [Unit, Unit][])),
      fc.integer({ min: -1e9, max: 1e9 }).map((n) => n / 1000),
      ([from, to], value) => {
        if (value === 0 && (from === 'mired' || to === 'mired')) return;
        const back = convert(convert(value, from, to) ?? Number.NaN, to, from) ?? Number.NaN;
        const offset = unitTable[from][0] === 'temperature' ? 1e-8 : 0;
        assert.ok(Math.abs(back - value) <= Math.abs(value) * 1e-13 + offset, `${value} ${from} ${to} → ${back}`);
      },
    ),
    { numRuns: 5000 },
  );
});

test('units that measure different things do not convert', () => {
  assert.equal(convert(1, 'ppb', 'ug/m3'), undefined);
  assert.equal(convert(1, 'W', 'var'), undefined);
  assert.equal(convert(1, 'gal', 'm3'), undefined);
  assert.equal(convert(1, 'mired', 'Cel'), undefined);
  assert.equal(convert(0, 'mired', 'K'), undefined);
  assert.equal(convert(Number.NaN, 'mV', 'V'), undefined);
  assert.equal(convert(1e308, 'GWh', 'mWh'), undefined);
});

test('spellings fold to one unit and an unknown spelling to none', () => {
  const cases: [string, Unit][] = [
    ['°C', 'Cel'],
    ['  C', 'Cel'],
    ['℃', 'Cel'],
    ['ºC', 'Cel'],
    ['µg/m³', 'ug/m3'],
    ['ug/m3', 'ug/m3'],
    ['VAr', 'var'],
    ['W·min', 'Wmin'],
    ['sec.', 's'],
    ['#/cm³', '1/cm3'],
  ];
  for (const [spelling, unit] of cases) assert.equal(normaliseUnit(spelling), unit, spelling);
  for (const unknown of ['', 'gg', 'raw unit', '__proto__', 'constructor', 'minutes or litres']) {
    assert.equal(normaliseUnit(unknown), undefined, unknown);
  }
});

test('no spelling stands for two units and every unit spells itself', () => {
  const seen = new Map<string, string>();
  for (const unit of units) {
    for (const spelling of [unit, ...spellings[unit]]) {
      assert.equal(seen.get(spelling), undefined, `${spelling} is ${seen.get(spelling)} and ${unit}`);
      seen.set(spelling, unit);
    }
    assert.equal(normaliseUnit(unit), unit);
  }
});

test('every word has one canonical unit of the table, or none', () => {
  for (const [word, unit] of Object.entries(metricWords)) {
    assert.equal(canonicalUnit(word), unit ?? undefined);
    if (unit !== null) assert.ok(Object.hasOwn(unitTable, unit));
  }
  assert.equal(canonicalUnit('x.z2m.voltage'), undefined);
  assert.equal(canonicalUnit('toString'), undefined);
});
