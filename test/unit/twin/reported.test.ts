import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Metric } from '../../../contracts/message.ts';
import { textOf } from '../../../gateway/preprocess/text-measurement.ts';
import { envelope } from '../preprocess/stage.ts';
import { disk, lamp, messageOf, openRig, reported } from './twin-fixture.ts';

const on = (vb: boolean, ep?: string): Metric => ({ n: 'switch.state', vb, ...(ep !== undefined && { ep }) });

test('a twin holds how a device is: states beside measurements, by endpoint, and nothing that is measured', async () => {
  const rig = await openRig();
  const power: Metric = { n: 'power.active', v: 12, u: 'W' };
  await rig.says([on(true, 'left'), power, { n: 'x.tasmota.wifi', v: 3 }], { kind: 'telemetry' });
  await rig.says([{ n: 'availability', vb: true }], { kind: 'availability' });
  await rig.says([{ n: 'contact', vb: true }], { kind: 'event' });
  await rig.says([{ n: 'lock.state', q: 'unparsed', raw: 'half' }]);
  assert.deepEqual(reported(rig), { 'switch.state@left': true, availability: true });
});

test('what came over the threads as text is the same as a message', async () => {
  const rig = await openRig();
  const append = rig.twins.watch(rig.disk.append);
  const m: Metric[] = [
    on(true, 'left'),
    on(false),
    { n: 'lock.state', q: 'sentinel', raw: null },
    { n: 'position', v: 30, u: '%' },
  ];
  const decoded = { kind: 'state', cls: 'state', dev: { id: lamp }, ts: 5, clk: 'gateway', m } as const;
  const written = textOf(decoded, envelope('t', ''), 'tasmota');
  await append({ measurements: [written], filtered: [], deadLetters: [], writes: [] });
  const there = { 'switch.state@left': true, 'switch.state': false, position: 30 };
  assert.deepEqual(reported(rig), there);
  const { text, device, cls, kind } = written;
  const other = await openRig();
  await other.twins.watch(other.disk.append)({
    measurements: [{ text, device, cls, kind }],
    filtered: [],
    deadLetters: [],
    writes: [],
  });
  assert.deepEqual(reported(other), there);
});

test('a report is on disk with its message, a repeated one writes nothing', async () => {
  const rig = await openRig();
  await rig.says([on(true)]);
  assert.deepEqual(
    rig.disk.entries.map(({ writes, measurements }) => [writes.map(({ statement }) => statement), measurements.length]),
    [[['twin.put', 'twin.add'], 1]],
  );
  const { writtenBytes } = rig.twins.stats();
  for (let n = 0; n < 10; n++) await rig.says([on(true)]);
  assert.equal(rig.disk.entries.flatMap(({ writes }) => writes).length, 2);
  assert.equal(rig.twins.stats().writtenBytes, writtenBytes);
  const again = await openRig(rig.disk);
  assert.deepEqual(again.twins.show(lamp), rig.twins.show(lamp));
});

test('a device that comes into the registry by its first message has its twin by it', async () => {
  const rig = await openRig();
  const append = rig.twins.watch(async (entry) => {
    await rig.disk.append(entry);
    rig.known.add('z2m:new');
  });
  const message = messageOf([on(true)], 1, { dev: { id: 'z2m:new' } });
  await append({ measurements: [message], filtered: [], deadLetters: [], writes: [] });
  assert.deepEqual(reported(rig, 'z2m:new'), { 'switch.state': true });
  assert.equal((await rig.twins.history({ device: 'z2m:new', limit: 10 })).changes.length, 1);
  assert.throws(() => rig.twins.show('z2m:stranger'), { code: 'NOT_FOUND' });
});

test('in whatever order and however often messages come, the latest by the source time is what is reported', async () => {
  const said = fc.uniqueArray(
    fc.record({ age: fc.integer({ min: 1, max: 1_000 }), value: fc.integer({ min: 0, max: 3 }) }),
    {
      selector: ({ age }) => age,
      minLength: 1,
      maxLength: 12,
    },
  );
  await fc.assert(
    fc.asyncProperty(
      said,
      fc.infiniteStream(fc.nat()),
      fc.array(fc.nat(), { maxLength: 6 }),
      async (all, keys, again) => {
        const rig = await openRig();
        const now = rig.clock.wallMs();
        const shuffled = all.map((one) => [keys.next().value as number, one] as const).toSorted(([a], [b]) => a - b);
        const order = [...shuffled.map(([, one]) => one), ...again.flatMap((at) => all[at % all.length] ?? [])];
        for (const { age, value } of order) {
          rig.clock.advance(1);
          await rig.says([{ n: 'position', v: value, u: '%' }], { ts: now - age, clk: 'source' });
        }
        const newest = all.reduce((one, other) => (other.age < one.age ? other : one));
        assert.deepEqual(reported(rig), { position: newest.value });
        assert.equal(rig.twins.show(lamp).reported.state['position']?.at, now - newest.age);
        const { changes } = await rig.twins.history({ device: lamp, limit: 100 });
        const told = changes.toReversed();
        for (const [index, { from }] of told.entries()) assert.equal(from, told[index - 1]?.to);
        assert.equal(told.at(-1)?.to, newest.value);
      },
    ),
  );
});

test('a clock that was set back does not stop the twin, and a device without a clock goes by arrival', async () => {
  const rig = await openRig();
  await rig.says([on(true)]);
  rig.clock.jumpWall(-86_400_000);
  await rig.says([on(false)], { ts: rig.clock.wallMs() - 1_000, clk: 'source' });
  assert.deepEqual(reported(rig), { 'switch.state': false });
  await rig.says([on(true)]);
  assert.deepEqual(reported(rig), { 'switch.state': true });
});

test('what a failed commit left out goes along with the next one, with its history', async () => {
  const rig = await openRig();
  rig.disk.failure = new Error('no disk');
  await assert.rejects(rig.says([on(true)]), /no disk/);
  rig.disk.failure = undefined;
  await rig.says([on(true)]);
  const again = await openRig(rig.disk);
  assert.deepEqual(reported(again), { 'switch.state': true });
  assert.equal((await again.twins.history({ device: lamp, limit: 10 })).changes.length, 1);
});

test('history is bounded per device, the fewer changes the more devices there are, and pages are whole', async () => {
  const over = disk();
  const rig = await openRig(over, { bounds: { maxPerDevice: 32, maxChanges: 64, leastPerDevice: 4 } });
  for (let n = 0; n < 100; n++) await rig.says([on(n % 2 === 0)]);
  const all = await rig.twins.history({ device: lamp, limit: 1_000 });
  assert.ok(all.changes.length >= 32 && all.changes.length < 48, `${all.changes.length}`);
  const first = await rig.twins.history({ device: lamp, limit: 10 });
  const second = await rig.twins.history({ device: lamp, limit: 1_000, before: first.next });
  assert.deepEqual([...first.changes, ...second.changes], all.changes);
  assert.equal(second.next, undefined);
  rig.clock.advance(91 * 86_400_000);
  for (let n = 0; n < 16; n++) await rig.says([on(n % 2 === 0)]);
  assert.ok((await rig.twins.history({ device: lamp, limit: 1_000 })).changes.length <= 32);
});
