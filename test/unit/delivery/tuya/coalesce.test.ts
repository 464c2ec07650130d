import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Kind } from '../../../../contracts/message.ts';
import { itemsOf, mergeParts, planSteps, type Step } from '../../../../gateway/delivery/tuya/coalesce.ts';
import { project } from '../../../../gateway/delivery/tuya/projection.ts';
import { message } from '../memory-outlet.ts';

const planned = (lsn: number, kind: Kind, code: string, v: number) => {
  const item = { lsn, message: message(lsn, 'd', { kind, m: [{ n: code, v }] }) };
  return { item, projected: project(item.message) };
};
const shape = (steps: readonly Step[]) =>
  steps.map((step) => (step.as === 'report' ? step.parts.map((part) => part.item.lsn) : step.as));

test('messages of one device share a call until a code comes again', () => {
  const items = [planned(1, 'telemetry', 'a', 1), planned(2, 'telemetry', 'b', 1), planned(3, 'telemetry', 'a', 2)];
  assert.deepEqual(shape(planSteps(items, false)), [[1, 2], [3]]);
});

test('under the quota states coalesce and telemetry stays whole', () => {
  const states = [planned(1, 'state', 'on', 0), planned(2, 'state', 'on', 1), planned(3, 'state', 'on', 0)];
  assert.deepEqual(shape(planSteps(states, false)), [[1], [2], [3]]);
  assert.deepEqual(shape(planSteps(states, true)), [[1, 2, 3]]);
  const telemetry = [planned(1, 'telemetry', 't', 0), planned(2, 'telemetry', 't', 1)];
  assert.deepEqual(shape(planSteps(telemetry, true)), [[1], [2]]);
});

test('a telemetry point is not replaced by a state, nor a state by a telemetry point', () => {
  const pair = [planned(1, 'state', 'on', 0), planned(2, 'telemetry', 'on', 1), planned(3, 'state', 'on', 0)];
  assert.deepEqual(shape(planSteps(pair, true)), [[1], [2], [3]]);
});

test('nothing is merged across an event', () => {
  const items = [planned(1, 'state', 'on', 0), planned(2, 'event', 'action', 1), planned(3, 'state', 'on', 1)];
  assert.deepEqual(shape(planSteps(items, true)), [[1], 'event', [3]]);
});

test('changes of presence with nothing in between are one call, which tells the last of them', () => {
  const presence = (lsn: number, online: boolean) => {
    const item = { lsn, message: message(lsn, 'd', { kind: 'availability', m: [{ n: 'availability', vb: online }] }) };
    return { item, projected: project(item.message) };
  };
  const items = [presence(1, false), presence(2, true), planned(3, 'telemetry', 't', 1), presence(4, false)];
  const steps = planSteps(items, false);
  assert.deepEqual(
    steps.map((step) => [step.as, itemsOf(step).map(({ lsn }) => lsn), 'online' in step && step.online]),
    [
      ['presence', [1, 2], true],
      ['report', [3], false],
      ['presence', [4], false],
    ],
  );
});

test('every record is in exactly one step, in order, and what remains is the newest value of each code', () => {
  const kinds = fc.constantFrom<Kind>('state', 'telemetry', 'event', 'availability');
  const list = fc.array(fc.tuple(kinds, fc.constantFrom('a', 'b', 'c'), fc.integer()), { maxLength: 60 });
  fc.assert(
    fc.property(list, fc.boolean(), (entries, mergeStates) => {
      const items = entries.map(([kind, code, v], index) => planned(index + 1, kind, code, v));
      const steps = planSteps(items, mergeStates);
      const carried = steps.flatMap((step) => itemsOf(step).map((item) => item.lsn));
      assert.deepEqual(
        carried,
        items.map(({ item }) => item.lsn),
      );
      for (const step of steps) {
        if (step.as !== 'report') continue;
        const { data, superseded } = mergeParts(step.parts);
        if (!mergeStates) assert.equal(superseded, 0);
        if (superseded > 0) assert.ok(step.parts.some((p) => p.item.message.kind === 'state'));
        for (const part of step.parts) {
          for (const [code, entry] of Object.entries(part.data)) assert.ok((data[code]?.time ?? 0) >= entry.time);
        }
      }
    }),
  );
});

test('a late value does not replace a newer one', () => {
  const newer = planned(1, 'state', 'on', 1);
  const late = { item: { lsn: 2, message: message(2, 'd', { ts: 1, m: [{ n: 'on', v: 0 }] }) } };
  const parts = [newer.item, late.item].map((item) => {
    const projected = project(item.message);
    assert.ok(projected.as === 'report');
    return { item, data: projected.data, losses: [] };
  });
  assert.equal(mergeParts(parts).data['on']?.value, 1);
});
