import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { isMetricWord, metricWords } from '../../../contracts/metric-words.ts';
import type { Json, ReadingMetric } from '../../../contracts/plugin.ts';
import { canonicalUnit, convert, normaliseUnit } from '../../../contracts/units.ts';
import zigbee2mqtt from '../../../plugins/zigbee2mqtt/index.ts';
import { bench, type Bench } from './codec-bench.ts';
import { offsets, scales, unconverted } from './unit-oracle.ts';
import { labelledState, type Expose, type Label } from './zigbee-states.ts';

interface Definition {
  readonly model: string;
  readonly vendor: string;
  readonly description: string;
  readonly exposes: readonly Expose[] | ((device: object, options: object) => readonly Expose[]);
}

interface Converters {
  prepareDefinition(definition: Definition): Definition;
}

const require = createRequire(import.meta.url);
const converters = require('zigbee-herdsman-converters') as Converters;
const folder = join(dirname(require.resolve('zigbee-herdsman-converters')), 'devices');

/** All definitions of the package, with the exposes of a device that nobody has. */
function load(): { readonly definition: Definition; readonly exposes: readonly Expose[] }[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.js') && file !== 'index.js');
  return files.flatMap((file) => {
    const { definitions } = require(join(folder, file)) as { definitions?: readonly Definition[] };
    return (definitions ?? []).map((raw) => {
      const definition = converters.prepareDefinition(raw);
      const { exposes } = definition;
      const listed = typeof exposes === 'function' ? exposes({ isDummyDevice: true }, {}) : exposes;
      // As the bridge publishes it: plain JSON.
      return { definition, exposes: JSON.parse(JSON.stringify(listed)) as readonly Expose[] };
    });
  });
}

const definitions = load();
const perBridge = 500;

/** A bridge with up to 500 devices, one per definition. */
function bridge(from: number): Bench {
  const made = bench(zigbee2mqtt);
  const devices = definitions.slice(from, from + perBridge).map(({ definition, exposes }, at) => ({
    ieee_address: `0x${(from + at).toString(16).padStart(16, '0')}`,
    friendly_name: `room ${(from + at) % 7}/device ${from + at}`,
    type: 'Router',
    definition: {
      model: definition.model,
      vendor: definition.vendor,
      description: definition.description,
      exposes: exposes as unknown as Json,
    },
  }));
  made.teach('zigbee2mqtt/bridge/devices', devices);
  return made;
}

/** Names that only sound like a measurement: settings, limits, corrections. */
const setting =
  /calibration|offset|min_|max_|_min|_max|limit|threshold|alarm|startup|interval|countdown|sensitivity|compensation/;

/** Which names may carry the words of a quantity, written down without looking at the plugin's table. */
const sounds: Readonly<Record<string, RegExp>> = {
  temperature: /temperature/,
  humidity: /humidity/,
  moisture: /moisture|leak/,
  pressure: /pressure/,
  illuminance: /illuminance/,
  co2: /^co2$/,
  co: /^co$/,
  voc: /^voc/,
  formaldehyde: /^(?:formaldehyde?|hcho)$/,
  power: /power/,
  power_factor: /power_factor/,
  voltage: /voltage/,
  current: /^current/,
  frequency: /frequency/,
  energy: /energy/,
  battery: /battery|voltage|charging/,
  signal: /linkquality|rssi/,
  position: /^position$/,
  setpoint: /setpoint/,
  light: /^(?:brightness|color_temp|x|y|hue|saturation)$/,
  contact: /^contact$/,
  occupancy: /^(?:occupancy|presence)$/,
  switch: /^state$/,
  lock: /^state$/,
  cover: /^state$/,
  water: /^(?:water_consumed|flow)$/,
  wind: /wind/,
  rain: /rain/,
};

/** Names that, with a unit of their kind, must not stay unknown: they make up half of all exposes. */
const must: Readonly<Record<string, string>> = {
  temperature: 'temperature',
  humidity: 'humidity',
  battery: 'battery',
  power: 'power.active',
  current: 'current',
  energy: 'energy.import',
  illuminance: 'illuminance',
  co2: 'co2',
  contact: 'contact',
  occupancy: 'occupancy',
  water_leak: 'moisture',
  smoke: 'smoke',
  battery_low: 'battery.low',
  pm25: 'pm2_5',
};

/** Whether the oracle sees the word's own unit behind a spelling. */
function isUnitOf(spelling: string | undefined, word: string | undefined): boolean {
  const canonical = spelling === undefined ? undefined : scales[spelling]?.[0];
  return canonical !== undefined && word !== undefined && canonical === canonicalUnit(word)?.replace('%RH', '%');
}

function assertName({ n }: ReadingMetric, { name, path }: Label): void {
  if (!isMetricWord(n)) {
    assert.equal(n, `x.z2m.${path}`);
    return;
  }
  const root = n === 'power_factor' || n === 'uv_index' ? n : (n.split('.')[0] ?? n);
  assert.match(name, sounds[root] ?? new RegExp(root.replace('_', '.?'), 'i'), `${name} became ${n}`);
  assert.doesNotMatch(name, setting, `${name} became ${n}`);
}

function assertNumber(metric: ReadingMetric, label: Label): void {
  const { n, value, unit } = metric;
  assert.equal(value, label.value, label.path);
  const canonical = isMetricWord(n) ? metricWords[n] : null;
  if (canonical === null) {
    if (!isMetricWord(n)) assert.equal(unit, label.unit === '' ? undefined : label.unit, label.path);
    return;
  }
  const spelling = label.unit ?? unit ?? '';
  const source = normaliseUnit(unit ?? '');
  const converted = source === undefined ? undefined : convert(label.value as number, source, canonical);
  assert.ok(converted !== undefined, `${n} in ${unit}`);
  // A ratio is a percentage by another name; no other word is.
  const scale = n === 'power_factor' && spelling === '%' ? (['/', 0.01] as const) : scales[spelling];
  assert.ok(scale !== undefined, `the oracle knows ${spelling}`);
  assert.equal(canonical.replace('%RH', '%'), scale[0].replace('%RH', '%'), `${n} from ${spelling}`);
  const expected = offsets[spelling]?.(label.value as number) ?? (label.value as number) * scale[1];
  assert.ok(Math.abs(converted - expected) <= Math.abs(expected) * 1e-9 + 1e-9, `${n}: ${converted}, not ${expected}`);
}

function assertField(metric: ReadingMetric, label: Label): void {
  assertName(metric, label);
  assert.equal(metric.ep ?? undefined, label.endpoint ?? metric.ep, label.path);
  if (label.type === 'numeric') assertNumber(metric, label);
  else if (label.type === 'binary' && isMetricWord(metric.n))
    assert.equal(metric.value, label.value === label.on, label.path);
  else assert.equal(metric.value, label.value, label.path);
}

test('every labelled field of states generated from all definitions has the right name, unit and value', (t) => {
  const count = { messages: 0, fields: 0, units: 0, words: 0, silent: 0 };
  for (let from = 0; from < definitions.length; from += perBridge) {
    const made = bridge(from);
    for (const [at, { exposes }] of definitions.slice(from, from + perBridge).entries()) {
      for (const round of [0, 1]) {
        const { state, labels } = labelledState(exposes, round);
        if (labels.length === 0) {
          count.silent++;
          continue;
        }
        count.messages++;
        const name = `room ${(from + at) % 7}/device ${from + at}`;
        const readings = made.readings(`zigbee2mqtt/${name}`, state);
        assert.ok(readings.every(({ device }) => device === `z2m:0x${(from + at).toString(16).padStart(16, '0')}`));
        const byKey = new Map(readings.flatMap(({ metrics }) => metrics.map((metric) => [metric.key, metric])));
        const words = new Set([...byKey.values()].map(({ n, ep }) => `${n}@${ep ?? ''}`));
        for (const label of labels) {
          const metric = byKey.get(label.path);
          assert.ok(metric !== undefined, `${label.path} of definition ${from + at} is lost`);
          assertField(metric, label);
          const wanted = must[label.name];
          const fits = label.type === 'binary' || isUnitOf(label.unit, wanted);
          if (wanted !== undefined && fits && !label.path.includes('.')) {
            assert.ok(words.has(`${wanted}@${metric.ep ?? ''}`), `${label.path} of definition ${from + at}`);
          }
          count.fields++;
          if (label.unit !== undefined) count.units++;
          if (isMetricWord(metric.n)) count.words++;
        }
      }
    }
  }
  t.diagnostic(
    `${definitions.length} definitions, ${count.messages} messages, ${count.fields} labelled fields ` +
      `(${count.units} with unit, ${count.words} as words), ${count.silent} states empty`,
  );
  assert.ok(definitions.length > 4_000 && count.messages > 8_000 && count.fields > 50_000);
});

test('every unit spelling of the definitions is known, or is on the list of those that mean no unit', (t) => {
  const found = new Set<string>();
  for (const { exposes } of definitions) {
    for (const { unit } of labelledState(exposes, 0).labels) if (unit !== undefined) found.add(unit);
  }
  const unknown = [...found].filter((unit) => normaliseUnit(unit) === undefined && !unconverted.has(unit));
  assert.deepEqual(unknown, []);
  t.diagnostic(
    `${found.size} unit spellings, ${[...found].filter((unit) => unconverted.has(unit)).length} of them no unit`,
  );
  assert.ok(found.size > 100);
});

test('the oracle and the tables agree on every spelling that both know', () => {
  for (const [spelling, [canonical]] of Object.entries(scales)) {
    const unit = normaliseUnit(spelling);
    assert.ok(unit !== undefined && convert(1, unit, canonical as typeof unit) !== undefined, spelling);
  }
  assert.equal(canonicalUnit('energy.import'), 'Wh');
});
