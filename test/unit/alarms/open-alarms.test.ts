import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NewAlarm } from '../../../contracts/alarms.ts';
import { PortcullisError } from '../../../contracts/errors.ts';
import { memoryDisk, openRig } from './alarms-rig.ts';
import { settle } from '../delivery/virtual-time.ts';

const frost: NewAlarm = {
  code: 'FROST',
  subject: 'z2m:1',
  severity: 'medium',
  detail: 'It is cold.',
  by: 'rule:frost',
};
const fire: NewAlarm = { code: 'FIRE', subject: 'z2m:2', severity: 'critical', detail: 'It burns.', by: 'rule:fire' };
const end = ({ code, subject, by }: NewAlarm) => ({ code, subject, by });
const minute = 60_000;

test('an alarm is raised, acknowledged and cleared; its log says who did what, and each change is an urgent message', async (t) => {
  const { alarms, told, messages } = await openRig(t);
  const { id } = await alarms.raise(frost);
  await alarms.operate({ id, does: 'comment', by: 'Ann', note: 'On my way.' });
  await alarms.operate({ id, does: 'acknowledge', by: 'Ann' });
  await alarms.clear(end(frost));
  assert.deepEqual(alarms.open(), []);
  const { state, acknowledgedBy, place, log } = await alarms.show(id);
  assert.deepEqual({ state, acknowledgedBy, place }, { state: 'cleared', acknowledgedBy: 'Ann', place: 'kitchen' });
  assert.deepEqual(
    log.map(({ op, by, note }) => [op, by, note]),
    [
      ['raised', 'rule:frost', undefined],
      ['commented', 'Ann', 'On my way.'],
      ['acknowledged', 'Ann', undefined],
      ['cleared', 'rule:frost', undefined],
    ],
  );
  assert.deepEqual(told, [
    'raised raised FROST z2m:1',
    'commented raised FROST z2m:1',
    'acknowledged acknowledged FROST z2m:1',
    'cleared cleared FROST z2m:1',
  ]);
  for (const { cls, kind, dev, place } of messages) {
    assert.deepEqual([cls, kind, dev.id, place?.room], ['alarm', 'alarm', 'z2m:1', 'Kitchen']);
  }
});

test('a critical alarm whose condition is over stays until somebody has seen it', async (t) => {
  const { alarms } = await openRig(t);
  const { id } = await alarms.raise(fire);
  await alarms.clear(end(fire));
  assert.equal(alarms.open()[0]?.state, 'returned');
  await alarms.operate({ id, does: 'acknowledge', by: 'Ann' });
  assert.deepEqual(alarms.open(), []);
});

test('the same alarm raised twice is one and says who changed it; a worse severity wants to be seen again', async (t) => {
  const { alarms, told } = await openRig(t);
  const { id } = await alarms.raise(frost);
  await alarms.raise(frost);
  await alarms.operate({ id, does: 'acknowledge', by: 'Ann' });
  await alarms.raise({ ...frost, detail: 'It is colder.', by: 'token:meter' });
  const [changed] = alarms.open();
  assert.deepEqual([changed?.state, changed?.by], ['acknowledged', 'token:meter']);
  await alarms.raise({ ...frost, severity: 'high' });
  assert.deepEqual(
    alarms.open().map(({ state, count, acknowledgedBy }) => [state, count, acknowledgedBy]),
    [['raised', 1, undefined]],
  );
  assert.deepEqual(
    told.map((line) => line.split(' ')[0]),
    ['raised', 'acknowledged', 'changed', 'raised'],
  );
});

test('a flapping alarm is one alarm that is counted, and few messages', async (t) => {
  const { alarms, time, told } = await openRig(t);
  for (let i = 0; i < 500; i++) {
    await alarms.raise(frost);
    await alarms.clear(end(frost));
  }
  await alarms.raise(frost);
  assert.deepEqual(
    alarms.open().map(({ count, state }) => [count, state]),
    [[501, 'raised']],
  );
  assert.equal(told.length, 6);
  await time.advance(minute);
  assert.deepEqual(told.slice(6), ['raised raised FROST z2m:1']);
  assert.equal((await alarms.list({ limit: 10 })).alarms.length, 1);
});

test('an alarm that gets worse before anybody has seen it is raised again, one that only changes is not', async (t) => {
  const { alarms, told } = await openRig(t);
  await alarms.raise(frost);
  await alarms.raise({ ...frost, detail: 'It is colder.' });
  await alarms.raise({ ...frost, severity: 'critical' });
  await alarms.raise({ ...frost, severity: 'low' });
  assert.deepEqual(
    told.map((line) => line.split(' ')[0]),
    ['raised', 'changed', 'raised', 'changed'],
  );
  assert.equal(alarms.open()[0]?.count, 1);
});

test('a raise that is held back is still told as one after the alarm changed or somebody commented on it', async (t) => {
  for (const meanwhile of ['changed', 'commented'] as const) {
    const { alarms, time, told } = await openRig(t);
    for (let i = 0; i < 4; i++) {
      await alarms.raise(frost);
      if (i < 3) await alarms.clear(end(frost));
    }
    const [{ id } = { id: '' }] = alarms.open();
    if (meanwhile === 'changed') await alarms.raise({ ...frost, detail: 'It is colder.' });
    else await alarms.operate({ id, does: 'comment', by: 'Ann', note: 'I look.' });
    await time.advance(minute);
    assert.equal(told.at(-1), 'raised raised FROST z2m:1', meanwhile);
  }
});

test('a flapping alarm is written after its rest, however many others change meanwhile', async (t) => {
  const { alarms, time, told } = await openRig(t);
  for (let i = 0; i < 4; i++) {
    await alarms.raise(frost);
    if (i < 3) await alarms.clear(end(frost));
  }
  assert.equal(told.at(-1), 'cleared cleared FROST z2m:1');
  for (let i = 0; i < 4; i++) {
    await alarms.raise({ ...frost, subject: `z2m:other${i}` });
    await time.advance(10_000);
  }
  assert.equal(
    told.findLast((one) => one.endsWith('FROST z2m:1')),
    'raised raised FROST z2m:1',
  );
});

test('an alarm that comes again after a while is a new one', async (t) => {
  const { alarms, time } = await openRig(t);
  const { id } = await alarms.raise(frost);
  await alarms.clear(end(frost));
  await time.advance(11 * minute);
  assert.notEqual((await alarms.raise(frost)).id, id);
});

test('a new life finds alarms as they were: acknowledged, shelved, flapping', async (t) => {
  const disk = memoryDisk(t);
  const before = await openRig(t, { disk });
  const { id } = await before.alarms.raise(fire);
  const shelved = await before.alarms.raise(frost);
  const cleared = await before.alarms.raise({ ...frost, subject: 'z2m:3' });
  await before.alarms.operate({ id, does: 'acknowledge', by: 'Ann' });
  await before.alarms.operate({ id: shelved.id, does: 'shelve', by: 'Bob', minutes: 60 });
  await before.alarms.clear({ ...end(frost), subject: 'z2m:3' });
  const known = before.alarms.open();

  const { alarms, time, told } = await openRig(t, { disk, time: before.time });
  assert.deepEqual(JSON.parse(JSON.stringify(alarms.open())), JSON.parse(JSON.stringify(known)));
  assert.deepEqual(
    alarms.open().map(({ state, acknowledgedBy, shelvedBy }) => [state, acknowledgedBy, shelvedBy]),
    [
      ['acknowledged', 'Ann', undefined],
      ['raised', undefined, 'Bob'],
    ],
  );
  assert.equal((await alarms.raise({ ...frost, subject: 'z2m:3' })).id, cleared.id);
  await time.advance(61 * minute);
  assert.equal(alarms.open()[1]?.shelvedUntil, undefined);
  assert.ok(told.includes('unshelved raised FROST z2m:1'));
});

test('while the disk refuses, alarms are shown; they are written as soon as it takes them', async (t) => {
  const rig = await openRig(t);
  const { alarms, told } = rig;
  rig.failure = new PortcullisError('STORE_FAILED', 'no');
  await assert.rejects(alarms.raise(fire), { code: 'STORE_FAILED' });
  assert.equal(alarms.open()[0]?.code, 'FIRE');
  rig.failure = undefined;
  await alarms.raise(frost);
  assert.deepEqual(told, ['raised raised FIRE z2m:2', 'raised raised FROST z2m:1']);
});

test('what means nothing is refused in a sentence', async (t) => {
  const { alarms } = await openRig(t, { bounds: { maxOpen: 1 } });
  await assert.rejects(alarms.raise({ ...fire, code: 'no spaces' }), { code: 'COMMAND_INVALID', message: /code/ });
  const { id } = await alarms.raise(fire);
  await assert.rejects(alarms.raise(frost), { code: 'OVERLOADED' });
  await alarms.raise({ ...frost, by: 'gateway' });
  await alarms.operate({ id, does: 'acknowledge', by: 'Ann' });
  await assert.rejects(alarms.operate({ id, does: 'acknowledge', by: 'Bob' }), { code: 'CONFLICT' });
  await alarms.operate({ id, does: 'clear', by: 'Ann' });
  await assert.rejects(alarms.operate({ id, does: 'shelve', by: 'Ann', minutes: 5 }), { code: 'CONFLICT' });
  await assert.rejects(alarms.operate({ id: 'x', does: 'clear', by: 'Ann' }), { code: 'NOT_FOUND' });
  await settle();
});
