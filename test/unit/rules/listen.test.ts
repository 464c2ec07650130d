import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RuleDocument } from '../../../contracts/rule.ts';
import type { TextMeasurement } from '../../../contracts/pipeline.ts';
import { ruleListener } from '../../../gateway/rules/listen.ts';
import { bench, paperDevices } from './rig.ts';

const house = paperDevices({ t1: {} });
const hot: RuleDocument = { id: 'hot', name: 'hot', per: 'device', when: { metric: 'temperature', above: 30 } };

async function listening(document: RuleDocument, wall = 0) {
  const { engine } = await bench([document], house);
  const changes: (string | undefined)[] = [];
  const fired: string[] = [];
  const listener = ruleListener({
    engine,
    now: () => ({ lived: 0, wall }),
    onRegistryChange: (device) => changes.push(device),
    onEffects: () => {
      for (const effect of engine.takeEffects()) if (effect.is === 'fired') fired.push(`${effect.from}→${effect.to}`);
    },
    onLost: () => undefined,
    onRest: () => undefined,
  });
  return { listener, changes, fired };
}

const unread = (keys: readonly string[], values: TextMeasurement['values'], ts?: number): TextMeasurement => ({
  text: 'is not looked at',
  device: 't1',
  cls: 'telemetry',
  kind: 'telemetry',
  ts,
  keys,
  values,
});

test('a record that a decode thread told of fires without being read, at each endpoint by itself', async () => {
  const { listener, fired } = await listening(hot);
  assert.equal(listener.wants(unread(['humidity'], [80])), false);
  assert.equal(listener.wants(unread(['out\ntemperature'], [31])), true);
  assert.equal(listener.takeUnread?.(unread(['humidity', 'out\ntemperature'], [80, 31])), true);
  assert.deepEqual(fired, ['-1→0']);
  assert.equal(listener.takeUnread?.(unread(['temperature'], [20])), true);
  assert.deepEqual(fired, ['-1→0'], 'the other endpoint is hot still');
});

test('a value that is the absence of one is left to the text', async () => {
  const { listener, fired } = await listening(hot);
  assert.equal(listener.takeUnread?.(unread(['temperature'], ['out_of_range 400'])), false);
  assert.deepEqual(fired, []);
});

test('what a device measured before what it told already changes nothing', async () => {
  const { listener, fired } = await listening(hot);
  listener.takeUnread?.(unread(['temperature'], [31], 2_000));
  listener.takeUnread?.(unread(['temperature'], [20], 1_000));
  assert.deepEqual(fired, ['-1→0']);
});

test('a device is heard again at once when its clock and that of the gateway are set back by years', async () => {
  const now = Date.UTC(2026, 6, 1);
  const { listener, fired } = await listening(hot, now);
  listener.takeUnread?.(unread(['temperature'], [20], Date.UTC(2036, 6, 1)));
  listener.takeUnread?.(unread(['temperature'], [31], now));
  listener.takeUnread?.(unread(['temperature'], [20], now - 1_000));
  assert.deepEqual(fired, ['-1→0']);
});

test('a change of the registry is told at once, one of a twin is none', async () => {
  const { listener, changes } = await listening(hot);
  const change = (subject: string) =>
    listener.wants({ device: 't1', cls: 'state', kind: 'change', text: JSON.stringify({ change: { subject } }) });
  assert.deepEqual([change('device'), change('place'), change('twin')], [false, false, false]);
  assert.deepEqual(changes, ['t1', undefined]);
});
