import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listen } from '../../../gateway/observability/channels.ts';
import { notifyDisk, openRig, push } from './notify-rig.ts';

const minute = 60_000;
/** 12:00 in Berlin, in winter. */
const noon = Date.UTC(2026, 10, 21, 11);
const fire = { id: 'a2', code: 'FIRE', severity: 'critical', subject: 'z2m:2' } as const;

test('those who are responsible are told once over each way, and told when it is over', async (t) => {
  const { change, contact, taken, time } = await openRig(t);
  await contact({ name: 'Ann', ways: [push('ann')] });
  await contact({ name: 'Facility', ways: [push('all'), push('ann')] });
  await change('raised');
  assert.deepEqual(taken, ['all: raised FROST medium x1', 'ann: raised FROST medium x1']);
  await change('commented');
  await change('acknowledged', { state: 'acknowledged' });
  await change('cleared', { state: 'cleared' });
  assert.equal(taken.length, 2);
  await time.advance(5 * minute);
  assert.deepEqual(taken.slice(2), ['all: cleared FROST medium x1', 'ann: cleared FROST medium x1']);
});

test('a far side that is away is tried again, waiting longer each time, and nothing is lost or told twice', async (t) => {
  const rig = await openRig(t);
  const { change, contact, taken, time, notify } = rig;
  await contact({ name: 'Ann', ways: [push('ann')] });
  const alarms: string[] = [];
  using _listening = listen('alarm', ({ code, subject, active }) => alarms.push(`${active} ${code} ${subject}`));
  rig.answer = { is: 'away', why: 'nobody there' };
  await change('raised');
  await change('raised', fire);
  await time.advance(30 * minute);
  assert.deepEqual(taken, []);
  assert.equal(notify.waiting().get('push'), 2);
  assert.equal((await notify.notices({ limit: 9 })).notices[0]?.error, 'nobody there');
  rig.answer = undefined;
  await time.advance(6 * minute);
  assert.deepEqual(taken, ['ann: raised FIRE critical x1, raised FROST medium x1']);
  assert.deepEqual(alarms, ['true NOTIFY_FAILED push', 'false NOTIFY_FAILED push']);
  await time.advance(60 * minute);
  assert.equal(taken.length, 1);
  assert.equal(time.pending, 0);
});

test('what waits outlives a restart with its id; what was sent is not sent again', async (t) => {
  const disk = notifyDisk(t);
  const before = await openRig(t, { disk });
  await before.contact({ name: 'Ann', ways: [push('ann')] });
  await before.change('raised');
  before.answer = { is: 'away', why: 'nobody there' };
  await before.change('raised', fire);
  const waiting = (await before.notify.notices({ limit: 9 })).notices.find(({ state }) => state === 'waiting');
  await before.notify[Symbol.asyncDispose]();

  const after = await openRig(t, { disk, time: before.time });
  await after.time.advance(1);
  assert.deepEqual(after.taken, ['ann: raised FIRE critical x1']);
  assert.deepEqual(after.ids, [waiting?.id]);
});

test('a flapping alarm is told rarely, and in the end as it is', async (t) => {
  const { change, contact, taken, time } = await openRig(t);
  await contact({ name: 'Ann', ways: [push('ann')] });
  for (let count = 1; count <= 20; count++) {
    await change('raised', { count });
    await change('cleared', { count, state: 'cleared' });
    await time.advance(1_000);
  }
  await change('raised', { count: 21 });
  assert.deepEqual(taken, ['ann: raised FROST medium x1']);
  await time.advance(5 * minute);
  assert.deepEqual(taken.slice(1), ['ann: raised FROST medium x21']);
});

test('a digest gathers; a critical alarm goes at once, alone', async (t) => {
  const { change, contact, taken, time } = await openRig(t);
  await contact({ name: 'Ann', ways: [push('ann')], digestMinutes: 15 });
  await change('raised');
  await time.advance(10 * minute);
  await change('raised', { id: 'a3', code: 'DAMP' });
  await change('raised', fire);
  assert.deepEqual(taken, ['ann: raised FIRE critical x1']);
  await time.advance(5 * minute);
  assert.deepEqual(taken.slice(1), ['ann: raised FROST medium x1, raised DAMP medium x1']);
});

test('quiet hours hold back what is not severe enough, until they end by the clock of the site', async (t) => {
  const { change, contact, taken, time } = await openRig(t);
  time.setWall(noon);
  await contact({ name: 'Ann', ways: [push('ann')], quiet: { from: '22:00', to: '07:00' }, through: 'high' });
  await time.advance(10 * 60 * minute + 30_000);
  await change('raised');
  await change('raised', { id: 'a3', code: 'DAMP' });
  await change('raised', { id: 'a4', code: 'LEAK', severity: 'high' });
  assert.deepEqual(taken, ['ann: raised LEAK high x1']);
  await time.advance(8 * 60 * minute + 59 * minute);
  assert.equal(taken.length, 1);
  await time.advance(minute);
  assert.deepEqual(taken.slice(1), ['ann: raised FROST medium x1, raised DAMP medium x1']);
});

test('while nobody acknowledges, others are told; after that nobody more', async (t) => {
  const { change, contact, taken, time } = await openRig(t);
  const escalation = [
    { afterMinutes: 10, to: 'Managers' },
    { afterMinutes: 30, to: 'Carl' },
  ];
  await contact({ name: 'Facility', ways: [push('all')], escalation });
  await contact({ name: 'Bob', ways: [push('bob')] });
  await contact({ name: 'Carl', ways: [push('carl')] });
  await change('raised');
  await time.advance(10 * minute);
  assert.deepEqual(taken, ['all: raised FROST medium x1', 'bob: escalated FROST medium x1']);
  await change('acknowledged', { state: 'acknowledged' });
  await time.advance(60 * minute);
  assert.equal(taken.length, 2);
  await change('cleared', { state: 'cleared' });
  assert.deepEqual(taken.slice(2), ['all: cleared FROST medium x1', 'bob: cleared FROST medium x1']);
});

test('an alarm that gets worse is told to those whom it now concerns; what waits is told as it is, no later than before', async (t) => {
  const { notify, contact, change, taken, time } = await openRig(t);
  time.setWall(noon);
  const escalation = [{ afterMinutes: 15, to: 'Managers' }];
  await contact({ name: 'Facility', ways: [push('facility')], quiet: { from: '00:00', to: '23:59' }, escalation });
  await contact({ name: 'Ann', ways: [push('ann')], least: 'high' });
  await contact({ name: 'Managers', ways: [push('managers')] });
  await change('raised');
  await time.advance(10 * minute);
  assert.deepEqual([taken, notify.waiting().get('push')], [[], 2]);
  await change('raised', { severity: 'critical' });
  assert.deepEqual(taken.toSorted(), ['ann: raised FROST critical x1', 'facility: raised FROST critical x1']);
  await time.advance(5 * minute);
  assert.equal(taken.at(-1), 'managers: escalated FROST critical x1');
});

test('nobody is told of a shelved alarm; what waited for it is withdrawn', async (t) => {
  const rig = await openRig(t);
  const { change, contact, taken, time } = rig;
  await contact({ name: 'Ann', ways: [push('ann')] });
  rig.answer = { is: 'later', why: 'not now' };
  await change('raised');
  rig.answer = undefined;
  const shelvedUntil = time.wallMs() + minute;
  await change('shelved', { shelvedUntil });
  await change('raised', { shelvedUntil, count: 2 });
  await time.advance(minute);
  assert.deepEqual(taken, []);
  await change('unshelved', { count: 2 });
  assert.deepEqual(taken, ['ann: raised FROST medium x2']);
});

test('the outbox is bounded: the most severe stay; what nobody takes is given up, counted', async (t) => {
  const rig = await openRig(t, { bounds: { maxWaiting: 2, maxAgeMs: 60 * minute } });
  const { change, contact, taken, time, notify } = rig;
  const dropped: string[] = [];
  using _listening = listen('dropped', ({ stage, reason, count }) => dropped.push(`${stage} ${reason} ${count}`));
  await contact({ name: 'Ann', ways: [push('ann')] });
  rig.answer = { is: 'away', why: 'nobody there' };
  await change('raised');
  await change('raised', { id: 'a3', code: 'DAMP' });
  await change('raised', fire);
  await change('raised', { id: 'a5', code: 'LOW', severity: 'low' });
  assert.equal(notify.waiting().get('push'), 2);
  await time.advance(70 * minute);
  assert.equal(notify.waiting().get('push'), 0);
  assert.deepEqual(dropped, ['notify full 1', 'notify full 1', 'notify expired 2']);
  const states = (await notify.notices({ limit: 9 })).notices.map(({ state }) => state);
  assert.deepEqual(states, ['expired', 'expired', 'evicted']);
  assert.deepEqual(taken, []);
});

test('a contact names a channel of the configuration', async (t) => {
  const { notify, contact } = await openRig(t);
  await assert.rejects(contact({ name: 'Ann', ways: [{ channel: 'pigeon', to: '' }] }), { message: /push/ });
  await assert.rejects(notify.dropContact('Ann'), { code: 'NOT_FOUND' });
});
