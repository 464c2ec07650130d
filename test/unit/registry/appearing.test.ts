import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PortcullisError } from '../../../contracts/errors.ts';
import { listen } from '../../../gateway/observability/channels.ts';
import { entry, measurement, tempDir, open, silent } from '../buffer/buffer-fixture.ts';
import { openRegistry } from '../../../gateway/registry/open-registry.ts';
import { registryTables } from '../../../gateway/registry/tables.ts';
import { systemClock } from '../../../gateway/lib/clock.ts';
import { changesIn, inMemory, onDisk, replay, state, takeChanges } from './registry-fixture.ts';

test('a device appears by its first message, once, before that message is acknowledged', async (t) => {
  const { buffer, registry } = await onDisk(t, await tempDir(t), systemClock);
  const append = registry.watch(buffer.append);
  const written = { text: JSON.stringify(measurement('b', 1)), device: 'b', cls: 'telemetry', kind: 'state' } as const;
  await Promise.all([
    append(entry(measurement('a', 1), measurement('a', 2))),
    append({ ...entry(), measurements: [written] }),
    append(entry(measurement('a', 3))),
  ]);
  assert.equal(registry.find('a')?.lifeCycle, 'SHADOW');
  assert.equal(registry.find('b')?.name, 'b');
  await append(entry(measurement('b', 2)));
  assert.deepEqual(
    (await takeChanges(buffer)).map(({ id, op, version }) => [id, op, version]),
    [
      ['a', 'created', 1],
      ['b', 'created', 1],
    ],
  );
});

test('the registry is the same after a start, and goes on with its versions, also of what was removed', async (t) => {
  const dataDir = await tempDir(t);
  const first = await onDisk(t, dataDir, systemClock);
  const building = await first.registry.addPlace({ kind: 'building', name: 'Home' });
  await first.registry.addGroup({ name: 'Facility', members: ['Ann', 'Bob'], areas: [] });
  await first.registry.register({ id: 'd', name: 'Lamp', profile: 'lamp', place: building.id, tags: ['east'] });
  const refusal = { code: '2005', reason: 'no product', suggestion: 'name one' };
  await first.registry.activation('d', { is: 'rejected', ...refusal });
  await first.registry.register({ id: 'gone', tags: [] });
  await first.registry.removeDevice({ id: 'gone' });
  const before = state(first.registry);
  await first.close();

  const { registry, buffer } = await onDisk(t, dataDir, systemClock);
  assert.deepEqual(state(registry), before);
  assert.deepEqual(registry.find('d')?.refusal, refusal);
  assert.equal((await registry.register({ id: 'gone', tags: [] })).version, 3);
  assert.deepEqual(replay(await takeChanges(buffer)), state(registry));
});

test('a flood of made-up ids makes no more devices than the bound, and each message goes its way all the same', async () => {
  const dropped: number[] = [];
  const alarms: boolean[] = [];
  using _alarm = listen('alarm', ({ code, active }) => void (code === 'registry-full' && alarms.push(active)));
  using _ = listen('dropped', ({ stage, count }) => void (stage === 'registry' && dropped.push(count)));
  const { registry, entries, clock } = await inMemory({ bounds: { maxAppeared: 2_500 } });
  let stored = 0;
  const append = registry.watch(async () => void (stored += 1));
  const flood = async (from: number, count: number): Promise<void> => {
    for (let i = from; i < from + count; i++) await append(entry(measurement(`made-up-${i}`, 1)));
  };
  await flood(0, 2_100);
  assert.equal(changesIn(entries).length, 2_000, 'the burst');
  clock.advance(3_000);
  await flood(10_000, 400);
  assert.equal(changesIn(entries).length, 2_300, 'the pace');
  clock.advance(60_000);
  await flood(20_000, 400);
  assert.equal(changesIn(entries).length, 2_500, 'the bound');
  assert.equal(stored, 2_900);
  assert.equal(dropped.length, 400);
  assert.deepEqual(alarms, [true]);
  await registry.removeDevice({ id: 'made-up-1' });
  assert.deepEqual(alarms, [true, false]);
});

test('a commit that fails changes nothing, is told to the caller, and the next message brings the device', async () => {
  const { registry, fail, entries } = await inMemory();
  const append = registry.watch(async () => undefined);
  fail(new PortcullisError('STORE_FAILED', 'no disk'));
  await append(entry(measurement('a', 1)));
  await assert.rejects(registry.register({ id: 'b', tags: [] }), { code: 'STORE_FAILED' });
  assert.deepEqual([registry.find('a'), registry.find('b')], [undefined, undefined]);
  fail(undefined);
  await append(entry(measurement('a', 2)));
  assert.equal(registry.find('a')?.version, 1);
  assert.equal(changesIn(entries).length, 1);
});

test('a commit whose answer was lost is found again before anything builds on it', async () => {
  const { registry, fail, entries } = await inMemory();
  await registry.register({ id: 'a', tags: [] });
  fail(new PortcullisError('STORE_FAILED', 'the writer died after the commit'), 'lost');
  await assert.rejects(registry.editDevice({ id: 'a', name: 'Lamp' }), { code: 'STORE_FAILED' });
  await assert.rejects(registry.register({ id: 'b', tags: [] }), { code: 'STORE_FAILED' });
  fail(undefined);
  const { name, version, tags } = await registry.editDevice({ id: 'a', tags: ['east'] });
  assert.deepEqual([name, version, tags], ['Lamp', 3, ['east']]);
  assert.deepEqual(replay(changesIn(entries)), state(registry));
});

test('a message that is not stored makes no device', async (t) => {
  const buffer = await open(t, await tempDir(t), { tables: [registryTables] });
  const registry = await openRegistry({ append: buffer.append, store: buffer, log: silent, clock: systemClock });
  const refused = registry.watch(() => Promise.reject(new PortcullisError('OVERLOADED', 'full')));
  await assert.rejects(refused(entry(measurement('a', 1))), { code: 'OVERLOADED' });
  assert.equal(registry.find('a'), undefined);
  await registry.watch(buffer.append)(entry(measurement('a', 1)));
  assert.ok(registry.find('a'));
});

test('a device that says what it was called before is one device, with what was said of it by hand', async (t) => {
  const { buffer, registry } = await onDisk(t, await tempDir(t), systemClock);
  const append = registry.watch(buffer.append);
  const registration = (formerly: string) =>
    entry({ ...measurement('tasmota:98CDAC', 2), kind: 'registration', meta: { formerly } });
  const building = await registry.addPlace({ kind: 'building', name: 'Home' });
  // Both at once: the first message of one device is still on its way when the second says who it is.
  await Promise.all([append(entry(measurement('tasmota:pantry', 1))), append(registration('tasmota:pantry'))]);
  assert.deepEqual(
    [...registry.devices()].map(({ id }) => id),
    ['tasmota:98CDAC'],
  );
  assert.equal(registry.find('tasmota:98CDAC')?.replaces, 'tasmota:pantry');

  await registry.register({ id: 'tasmota:attic', name: 'Attic', place: building.id, tags: ['up'] });
  await registry.linkUser({ id: 'tasmota:attic', user: 'attic' });
  await append(registration('tasmota:attic'));
  const { name, place, tags, user } = registry.find('tasmota:98CDAC') ?? {};
  assert.deepEqual([name, place, tags, user], ['Attic', building.id, ['up'], 'attic']);
  assert.equal(registry.find('tasmota:attic'), undefined);
  await append(registration('tasmota:never-seen'));
  await append(registration('tasmota:98CDAC'));
  assert.equal(registry.find('tasmota:98CDAC')?.name, 'Attic');
  assert.deepEqual(replay(await takeChanges(buffer)), state(registry));
});
