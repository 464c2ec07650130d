import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { NewCommand } from '../../../contracts/command.ts';
import type { CommandResult, Measurement, Metric } from '../../../contracts/message.ts';
import type { TwinEdit } from '../../../contracts/twin.ts';
import { resultMessage } from '../../../gateway/lib/result-message.ts';
import { waitUntil } from '../../harness/wait-until.ts';
import { disk, lamp, openDesk, openRig, reported, type Rig } from './twin-fixture.ts';

async function openLed(over = disk(), desk = openDesk()) {
  const rig = await openRig(over);
  const lead = await rig.twins.lead(desk);
  const want = (desired: TwinEdit['desired'], version?: number) =>
    lead.edit({ id: lamp, desired, ...(version !== undefined && { version }) }, 'api');
  const watched = rig.twins.watch(over.append);
  const ends = (
    id: string,
    state: CommandResult['state'],
    why: { code?: string; detail?: string } = {},
  ): Promise<void> => {
    const result = { command: id, name: 'switch', source: 'api', state, ...why } as const;
    const measurement = resultMessage(lamp, { proto: 'gateway', topic: 'commands' }, result, 1);
    return watched({ measurements: [measurement], filtered: [], deadLetters: [], writes: [] });
  };
  return { ...rig, lead, desk, want, ends };
}

const on = (vb: boolean): Metric => ({ n: 'switch.state', vb });
const dim = (v: number): Metric => ({ n: 'light.brightness', v, u: '%' });
const history = async ({ twins }: Pick<Rig, 'twins'>): Promise<string[]> =>
  (await twins.history({ device: lamp, limit: 1_000 })).changes
    .toReversed()
    .map(({ event, metric, from, to, by }) => `${event} ${metric} ${from}>${to} ${by}`);

test('a wish becomes one command, is reached when the device shows it, and what the device does later wins', async () => {
  const rig = await openLed();
  await rig.says([on(false)]);
  const asked = await rig.want({ 'switch.state': true });
  assert.deepEqual(asked.delta, { 'switch.state': true });
  const [command] = rig.desk.kept;
  assert.deepEqual([command?.name, command?.args, command?.source], ['switch', { on: true }, 'api']);
  assert.equal(asked.desired['switch.state']?.command, command?.id);
  await rig.says([on(false)]);
  await rig.says([on(true)]);
  const reached = rig.twins.show(lamp);
  assert.deepEqual([reached.delta, reached.desired['switch.state']?.state], [{}, 'reached']);
  await rig.ends(command?.id ?? '', 'acked');
  await rig.says([on(false)]);
  assert.deepEqual(rig.twins.show(lamp).desired, {});
  assert.equal(rig.desk.kept.length, 1);
  assert.deepEqual(await history(rig), [
    'reported switch.state undefined>false device',
    'asked switch.state false>true api',
    'reported switch.state false>true device',
    'reached switch.state true>true device',
    'reported switch.state true>false device',
    'overruled switch.state true>false device',
  ]);
});

test('every change of the wishes is told once, with growing versions, and the last one is the twin', async () => {
  const rig = await openLed();
  await rig.says([on(false), dim(10)]);
  await rig.want({ 'switch.state': true, 'light.brightness': 40 });
  await rig.says([on(true), dim(40.2)]);
  await rig.want({ 'light.brightness': null });
  const changes = rig.disk.entries.flatMap(({ measurements }) =>
    measurements.flatMap((one) => ('change' in one && one.change ? [one.change] : [])),
  );
  assert.deepEqual(
    changes.map(({ subject, op, id }) => [subject, op, id]),
    [['twin', 'created', lamp], ...Array.from({ length: 2 }, () => ['twin', 'updated', lamp])],
  );
  const versions = changes.map(({ version }) => version);
  assert.deepEqual(
    versions,
    versions.toSorted((a, b) => a - b),
  );
  const { device: _, version, ...value } = rig.twins.show(lamp);
  assert.deepEqual([changes.at(-1)?.version, changes.at(-1)?.value], [version, value]);
  assert.deepEqual(
    rig.desk.kept.map(({ name, args }) => [name, args]),
    [['light', { on: true, brightness: 40 }]],
  );
});

test('an edit for another version is a conflict, an impossible one is refused; neither leaves anything', async () => {
  const rig = await openLed();
  await rig.says([on(false)]);
  const { version } = await rig.want({ 'switch.state': true });
  await assert.rejects(rig.want({ 'switch.state': false }, version - 1), { code: 'CONFLICT' });
  for (const wrong of [{ temperature: 20 }, { 'switch.state': 3 }, { 'setpoint.heat': 20 }, { 'no.such': true }]) {
    await assert.rejects(rig.want(wrong), { code: 'COMMAND_INVALID' });
  }
  await assert.rejects(rig.lead.edit({ id: 'nobody', desired: { 'switch.state': true } }, 'api'), {
    code: 'NOT_FOUND',
  });
  rig.disk.failure = new Error('no disk');
  await assert.rejects(rig.want({ 'switch.state': null }), /no disk/);
  rig.disk.failure = undefined;
  assert.deepEqual(rig.twins.show(lamp).delta, { 'switch.state': true });
  assert.equal((await rig.want({ 'switch.state': true }, rig.twins.show(lamp).version)).delta['switch.state'], true);
  assert.equal(rig.desk.kept.length, 1);
});

test('a newer wish withdraws the command of the older one, and a wish that comes true by itself needs none', async () => {
  const rig = await openLed();
  await rig.says([dim(10)]);
  await rig.want({ 'light.brightness': 20 });
  await rig.want({ 'light.brightness': 60 });
  const [first, second] = rig.desk.kept;
  assert.deepEqual(rig.desk.withdrawn, [first?.id]);
  await rig.ends(first?.id ?? '', 'failed', { code: 'CONFLICT' });
  assert.equal(rig.twins.show(lamp).desired['light.brightness']?.state, 'pending');
  await rig.says([dim(60)]);
  await waitUntil('the second to be withdrawn', () => rig.desk.withdrawn.length === 2);
  assert.deepEqual(rig.desk.withdrawn, [first?.id, second?.id]);
  await rig.want({ 'light.brightness': 60.5 });
  assert.equal(rig.desk.kept.length, 2);
  assert.equal(rig.twins.show(lamp).desired['light.brightness']?.state, 'reached');
});

test('a command that fails is told with its reason, and the same wish again is a new try', async () => {
  const rig = await openLed();
  await rig.says([on(false)]);
  await rig.want({ 'switch.state': true });
  await rig.ends(rig.desk.kept[0]?.id ?? '', 'expired', { code: 'COMMAND_EXPIRED', detail: 'too late' });
  const { desired, delta } = rig.twins.show(lamp);
  const failed = desired['switch.state'];
  assert.deepEqual([failed?.state, failed?.code, failed?.detail, delta], ['failed', 'COMMAND_EXPIRED', 'too late', {}]);
  await rig.want({ 'switch.state': true });
  assert.equal(new Set(rig.desk.kept.map(({ id }) => id)).size, 2);
});

test('a wish that was durable when the power went gets its command at the next start, and only one', async () => {
  const over = disk();
  const desk = openDesk();
  desk.overloaded = Infinity;
  const before = await openLed(over, desk);
  await before.says([on(false)]);
  await before.want({ 'switch.state': true });
  await before.lead[Symbol.asyncDispose]();
  assert.equal(desk.kept.length, 0);
  desk.overloaded = 0;
  for (let start = 0; start < 2; start++) {
    const rig = await openLed(over, desk);
    await waitUntil('the command', () => desk.kept.length > 0);
    await rig.lead[Symbol.asyncDispose]();
  }
  assert.equal(desk.kept.length, 1);
});

const cloud = (id: string, args: NewCommand['args'], ageMs: number): NewCommand => ({
  id,
  device: lamp,
  name: 'light',
  args,
  source: 'cloud',
  priority: 4,
  ttlMs: 30_000,
  ageMs,
});
const resultsOf = ({ disk }: Pick<Rig, 'disk'>): (Measurement['result'] | undefined)[] =>
  disk.entries.flatMap(({ measurements }) =>
    measurements.flatMap((one) => ('result' in one && one.result ? [one.result] : [])),
  );

test('of an edit here and a late one from the cloud the later wins, per metric; both are in the history, the loser is told', async () => {
  const rig = await openLed();
  await rig.says([on(false), dim(10)]);
  rig.clock.advance(600_000);
  await rig.want({ 'switch.state': true });
  rig.clock.advance(300_000);
  const submit = (command: NewCommand) => rig.lead.desk.submit(command);
  const lost = await submit(cloud('old', { on: false }, 400_000));
  assert.deepEqual([lost.state, lost.code], ['failed', 'CONFLICT']);
  assert.deepEqual(
    resultsOf(rig).map((one) => [one?.command, one?.state, one?.code]),
    [['old', 'failed', 'CONFLICT']],
  );
  assert.equal((await submit(cloud('old', { on: false }, 400_000))).state, 'failed');
  assert.equal(resultsOf(rig).length, 1);
  await submit(cloud('half', { on: false, brightness: 70 }, 350_000));
  assert.deepEqual(rig.desk.kept.at(-1)?.args, { brightness: 70 });
  await submit(cloud('new', { on: false }, 200_000));
  const { delta, desired } = rig.twins.show(lamp);
  assert.deepEqual([delta, desired['switch.state']?.by], [{ 'switch.state': false, 'light.brightness': 70 }, 'cloud']);
  assert.deepEqual((await history(rig)).slice(2), [
    'asked switch.state false>true api',
    'refused switch.state true>false cloud',
    'refused switch.state true>false cloud',
    'asked light.brightness 10>70 cloud',
    'superseded switch.state true>false cloud',
    'asked switch.state true>false cloud',
  ]);
});

test('what somebody did at the device itself is an edit too; a command that comes at once is never late', async () => {
  const rig = await openLed();
  await rig.says([on(false)]);
  rig.clock.advance(600_000);
  await rig.says([on(true)]);
  rig.clock.advance(60_000);
  assert.equal((await rig.lead.desk.submit(cloud('late', { on: false }, 120_000))).code, 'CONFLICT');
  await rig.says([on(false)]);
  assert.equal((await rig.lead.desk.submit(cloud('live', { on: true }, 3_000))).state, 'accepted');
});

test('a jump of the wall clock between an edit here and a late one changes nothing', async () => {
  const rig = await openLed();
  await rig.says([on(false)]);
  rig.clock.advance(600_000);
  await rig.want({ 'switch.state': true });
  rig.clock.jumpWall(7_200_000);
  rig.clock.advance(300_000);
  assert.equal((await rig.lead.desk.submit(cloud('old', { on: false }, 400_000))).code, 'CONFLICT');
});

test('a wish for what the device still shows is not reached while a command for something else is under way', async () => {
  const rig = await openLed();
  await rig.says([on(false)]);
  await rig.want({ 'switch.state': true });
  const [first] = rig.desk.kept;
  rig.desk.sent.add(first?.id ?? '');
  await rig.want({ 'switch.state': null });
  const asked = await rig.want({ 'switch.state': false });
  assert.deepEqual([asked.delta, rig.desk.kept.at(-1)?.args], [{ 'switch.state': false }, { on: false }]);
  await rig.says([on(false)]);
  await rig.says([on(true)]);
  await rig.ends(first?.id ?? '', 'acked');
  assert.deepEqual(rig.twins.show(lamp).delta, { 'switch.state': false });
  await rig.says([on(false)]);
  assert.equal(rig.twins.show(lamp).desired['switch.state']?.state, 'reached');
});

for (const [state, then] of [
  [false, { on: false, brightness: 40 }],
  [null, { brightness: 40 }],
] as const) {
  test(`of a command for several wishes none goes out after one of them became ${state}`, async () => {
    const rig = await openLed();
    await rig.says([on(false), dim(10)]);
    await rig.want({ 'switch.state': true, 'light.brightness': 40 });
    rig.disk.failure = new Error('no disk');
    await assert.rejects(rig.want({ 'switch.state': state }), /no disk/);
    rig.disk.failure = undefined;
    const [whole] = rig.desk.kept;
    assert.equal(rig.twins.show(lamp).desired['light.brightness']?.command, whole?.id);
    await rig.want({ 'switch.state': state });
    assert.deepEqual([rig.desk.withdrawn, rig.desk.kept.length], [[whole?.id], 2]);
    assert.deepEqual(rig.desk.kept.at(-1)?.args, then);
  });
}

test('a part of a command that another source takes over is not done by it any more', async () => {
  const rig = await openLed();
  await rig.says([on(false), dim(10)]);
  await rig.want({ 'switch.state': true, 'light.brightness': 40 });
  await rig.lead.desk.submit(cloud('off', { on: false }, 0));
  await waitUntil('the rest', () => rig.desk.kept.length === 3);
  assert.deepEqual(rig.desk.withdrawn, [rig.desk.kept[0]?.id]);
  assert.deepEqual(rig.desk.kept.at(-1)?.args, { brightness: 40 });
});

test('late edits end in the same wishes in whatever order and however often they come', async () => {
  const edits = fc.uniqueArray(
    fc.record({
      age: fc.integer({ min: 11, max: 400 }),
      on: fc.option(fc.boolean()),
      brightness: fc.option(fc.nat({ max: 100 })),
    }),
    { selector: ({ age }) => age, minLength: 1, maxLength: 10 },
  );
  await fc.assert(
    fc.asyncProperty(
      edits,
      fc.infiniteStream(fc.nat()),
      fc.array(fc.nat(), { maxLength: 5 }),
      async (all, keys, again) => {
        const rig = await openLed();
        const started = rig.clock.monoMs();
        const shuffled = all.map((one) => [keys.next().value as number, one] as const).toSorted(([a], [b]) => a - b);
        for (const { age, on, brightness } of [
          ...shuffled.map(([, one]) => one),
          ...again.flatMap((at) => all[at % all.length] ?? []),
        ]) {
          rig.clock.advance(7);
          const args = { ...(on !== null && { on }), ...(brightness !== null && { brightness }) };
          const waited = rig.clock.monoMs() - started;
          await rig.lead.desk.submit(cloud(`c${age}`, args, age * 1_000 + waited));
        }
        const latest = (key: 'on' | 'brightness') =>
          all
            .toSorted((a, b) => a.age - b.age)
            .map((one) => one[key])
            .find((value) => value !== null);
        const { desired } = rig.twins.show(lamp);
        assert.equal(desired['switch.state']?.value, latest('on') ?? undefined);
        assert.equal(desired['light.brightness']?.value, latest('brightness') ?? undefined);
      },
    ),
    { numRuns: 60 },
  );
});

test('a word without endpoint is that of the one endpoint that reports it, and of several one must be named', async () => {
  const rig = await openLed();
  await rig.want({ 'switch.state': true });
  await rig.says([{ ...on(true), ep: 'left' }]);
  assert.deepEqual(Object.keys(rig.twins.show(lamp).desired), ['switch.state@left']);
  await rig.want({ 'switch.state': false });
  assert.deepEqual(rig.desk.kept.at(-1)?.args, { on: false, ep: 'left' });
  await rig.says([{ ...on(true), ep: 'right' }]);
  await assert.rejects(rig.want({ 'switch.state': false }), {
    message: /say which of switch\.state@left, switch\.state@right/,
  });
  assert.deepEqual(reported(rig), { 'switch.state@left': true, 'switch.state@right': true });
});
