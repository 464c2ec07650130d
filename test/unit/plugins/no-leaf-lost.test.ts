import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { eachLeaf, isObject, textIn } from '../../../contracts/payload.ts';
import type { Json, Plugin, Reading } from '../../../contracts/plugin.ts';
import type { Scalar } from '../../../contracts/message.ts';
import { plugins } from './all-plugins.ts';
import { bench, samples, type Bench } from './codec-bench.ts';

/** Leaves that end in the reading itself: its time, its device, its endpoint, the unit or the series of a metric. */
const consumed: Readonly<Record<string, RegExp>> = {
  esphome: /^since$/,
  'generic-json': /^(?:time|timestamp|ts)$|^(?:.*[._])?unit$/,
  shelly: /^(?:src|dst|params\.ts|params\.events\.\d+\.(?:ts|id))$|^method$|^(?:params\.[^.]+\.)?id$/,
  tasmota: /^(?:StatusSNS\.)?Time$/,
  tuya: /(?:^|\.)(?:bizCode|dataId|devId|productId|productKey|ts|uid|time|t|eventTime|dpId|code|\d+)$/,
  zigbee2mqtt: /^last_seen$/,
};

/** Topics of the corpus that say nothing to store; each is a trap of its own in the plugin's tests. */
const silent: Readonly<Record<string, RegExp>> = {
  esphome: /^homeassistant\/status$|\/debug$|\/command$/,
  'generic-json': /\/(?:commands?|get|set)(?:\/|$)/,
  shelly: /temperature_f$/,
  tasmota: /^cmnd\//,
  tuya: /\/specification$/,
  zigbee2mqtt: /\/(?:set|get)$|bridge\/(?:request\/.*|logging)$/,
};

interface Told {
  readonly keys: ReadonlySet<string>;
  readonly values: ReadonlySet<Scalar | undefined>;
}

function told(readings: readonly Reading[]): Told {
  const keys = new Set<string>();
  const values = new Set<Scalar | undefined>();
  for (const { metrics, meta, device } of readings) {
    values.add(device.slice(device.indexOf(':') + 1));
    for (const { key, value, raw } of metrics) {
      keys.add(key);
      values.add(value ?? raw);
      if (raw !== undefined) values.add(raw);
    }
    for (const [key, value] of Object.entries(meta ?? {})) {
      keys.add(key);
      values.add(value);
    }
  }
  return { keys, values };
}

/** Whether a leaf came out: under its own path or the end of it, or with its very value. */
function isTold(path: string, value: Scalar, { keys, values }: Told): boolean {
  if (keys.has(path)) return true;
  for (const key of keys) if (path.endsWith(`.${key}`) || key.endsWith(`.${path}`)) return true;
  return values.has(value) && typeof value !== 'boolean' && value !== null && value !== '';
}

function lost(plugin: Plugin, made: Bench, topic: string, payload: Json): readonly string[] {
  const told_ = told(made.readings(topic, payload));
  const missing: string[] = [];
  eachLeaf(payload, (path, value) => {
    if (consumed[plugin.name]?.test(path) || isTold(path, value, told_)) return;
    if (plugin.name === 'esphome' && isTemplated(made, topic, path)) return;
    if (plugin.name === 'tuya' && told_.keys.has(codeBeside(payload, path) ?? '')) return;
    missing.push(path);
  });
  return missing;
}

/** Whether discovery named this leaf: it then comes out under the entity's own name, rounded as the template says. */
function isTemplated(made: Bench, topic: string, path: string): boolean {
  const channels = made.knowledge.get(`t:${topic}`);
  return JSON.stringify(channels ?? null).includes(`"path":["${path}"]`);
}

/** The code of a data point, under which its value comes out. */
function codeBeside(payload: Json, path: string): string | undefined {
  const steps = path.split('.').slice(0, -1);
  const entry = steps.reduce<Json | undefined>(
    (node, step) => (node as Record<string, Json> | undefined)?.[step],
    payload,
  );
  return isObject(entry) ? textIn(entry, 'code') : undefined;
}

/**
 * A plugin without corpus reads binary frames, which have no leaves; that of GPIO lines reads what the gateway's own
 * transport says of a line that its configuration names. Their own tests read them.
 */
const talkative = plugins.filter(({ plugin, corpus }) => corpus.length > 0 && plugin.name !== 'gpio');

for (const { plugin, corpus } of talkative) {
  test(`${plugin.name}: every leaf of the payload corpus is a measurement, metadata or an x. entry`, (t) => {
    const made = bench(plugin);
    let leaves = 0;
    for (const { topic, payload } of corpus.flatMap((name) => samples(name))) {
      if (payload === '' || silent[plugin.name]?.test(topic)) continue;
      try {
        made.teach(topic, payload);
      } catch {
        // Payloads that teach nothing are plain text; decode reads them below.
      }
      if (isObject(payload as Json)) {
        eachLeaf(payload as Json, () => leaves++);
        assert.deepEqual(lost(plugin, made, topic, payload as Json), [], topic);
      } else if (plugin.name !== 'generic-json') {
        leaves++;
        assert.ok(made.readings(topic, payload).length > 0, topic);
      }
    }
    t.diagnostic(`${plugin.name}: ${leaves} leaves`);
    assert.ok(leaves > 0);
  });
}

const leaf = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.string(),
  fc.constantFrom(null, ''),
);

/** Any object, under keys that mean nothing and such as the plugin's devices send. */
function objects(known: readonly string[]): fc.Arbitrary<Json> {
  const key = fc.oneof(fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,12}$/), fc.constantFrom(...known));
  const { node } = fc.letrec<{ node: Json }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 3 },
      leaf,
      fc.dictionary(key, tie('node'), { maxKeys: 6, noNullPrototype: true }),
      fc.array(tie('node'), { maxLength: 4 }),
    ),
  }));
  return fc.dictionary(key, node, { maxKeys: 8, noNullPrototype: true });
}

function keysIn(json: unknown): readonly string[] {
  if (typeof json !== 'object' || json === null) return [];
  const own = Array.isArray(json) ? [] : Object.keys(json);
  return [...own, ...Object.values(json).flatMap(keysIn)];
}

const places: Readonly<Record<string, string>> = {
  'generic-json': 'devices/a/telemetry',
  shelly: 'shellyplus1pm-a8032ab71c44/status/switch:0',
  tasmota: 'tele/a/SENSOR',
  zigbee2mqtt: 'zigbee2mqtt/a',
  esphome: 'a/sensor/b/c',
  tuya: 'tuya/a/other',
};

for (const { plugin, corpus } of talkative) {
  test(`${plugin.name}: no leaf of any JSON object is lost`, () => {
    const made = bench(plugin);
    const known = corpus.flatMap((name) => samples(name).flatMap(({ payload }) => keysIn(payload)));
    fc.assert(
      fc.property(objects([...new Set(known)]), (payload) => {
        // Negative zero is no JSON.
        const json = JSON.parse(JSON.stringify(payload)) as Json;
        assert.deepEqual(lost(plugin, made, places[plugin.name] ?? '', json), []);
      }),
      { numRuns: 400 },
    );
  });
}
