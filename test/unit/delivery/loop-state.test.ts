import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  capacity,
  initialState,
  nextStep,
  type LoopContext,
  type LoopInput,
  type LoopState,
} from '../../../gateway/delivery/loop-state.ts';

const backoff = { firstMs: 1_000, ceilingMs: 60_000, floorMs: 0, stableMs: 30_000 };
const at = (nowMs: number): LoopContext => ({ nowMs, pollMs: 5_000, backoff, random: () => 0.5 });
const transient = { is: 'failed', reason: 'refused', forMs: 'transient', progress: false } as const;

function play(inputs: readonly (readonly [nowMs: number, input: LoopInput])[], from: LoopState = initialState) {
  const effects: string[] = [];
  let state = from;
  for (const [nowMs, input] of inputs) {
    const step = nextStep(state, input, at(nowMs));
    state = step.state;
    effects.push(...step.effects.map((effect) => ('change' in effect ? `outage ${effect.change}` : effect.do)));
  }
  return { state, effects };
}

const connectedAt0 = [0, { is: 'connected' }] as const;
const claimed = [1, { is: 'claimed' }] as const;

test('a connection leads to idle, to asking the buffer and to the poll timer', () => {
  const { state, effects } = play([connectedAt0]);
  assert.equal(state.name, 'idle');
  assert.deepEqual(effects, ['pump', 'wake']);
});

test('failures grow the wait, and one success does not reset it', () => {
  const first = play([connectedAt0, claimed, [10, transient]]).state;
  assert.equal(first.wakeAt, 10 + 500);
  const again = play(
    [
      [510, { is: 'due' }],
      [511, { is: 'claimed' }],
      [512, { is: 'written' }],
      [520, transient],
    ],
    first,
  );
  assert.equal(again.state.wakeAt, 520 + 1_000);
});

test('a stable period resets the wait', () => {
  const first = play([connectedAt0, claimed, [10, transient]]).state;
  const later = play(
    [
      [510, { is: 'due' }],
      [511, { is: 'claimed' }],
      [512, { is: 'written' }],
      [30_512, transient],
    ],
    first,
  );
  assert.equal(later.state.wakeAt, 30_512 + 500);
});

test('after a failure one batch probes, and the answer opens the rest', () => {
  const failed = play([connectedAt0, claimed, [10, transient], [510, { is: 'due' }]]).state;
  assert.equal(capacity(failed, 4), 1);
  const well = play(
    [
      [511, { is: 'claimed' }],
      [512, { is: 'written' }],
    ],
    failed,
  ).state;
  assert.equal(capacity(well, 4), 4);
});

test('a failure that still settled something is no outage', () => {
  const { effects } = play([connectedAt0, claimed, [10, { ...transient, progress: true }]]);
  assert.deepEqual(effects, ['pump', 'wake', 'wake']);
});

test('several failures while backing off are one outage, and the longest named wait wins', () => {
  const { state, effects } = play([
    connectedAt0,
    claimed,
    [10, transient],
    [11, transient],
    [12, { ...transient, forMs: 7_200_000 }],
    [13, { ...transient, forMs: 1 }],
  ]);
  assert.equal(state.wakeAt, 12 + 7_200_000);
  assert.equal(effects.filter((effect) => effect.startsWith('outage')).length, 1);
});

test('a sink that refuses the account rests until it is resumed', () => {
  const stopped = play([[0, { ...transient, forMs: 'stopped' }]]);
  assert.equal(stopped.state.name, 'stopped');
  assert.deepEqual(
    play(
      [
        [1, { is: 'due' }],
        [2, { is: 'arrival' }],
      ],
      stopped.state,
    ).effects,
    [],
  );
  assert.deepEqual(play([[3, { is: 'resume' }]], stopped.state).effects, ['halted', 'connect']);
});

test('after a stop nothing brings the loop back', () => {
  const inputs: LoopInput['is'][] = ['connected', 'arrival', 'claimed', 'written', 'drained', 'due', 'resume'];
  const { state } = play([connectedAt0, [1, { is: 'stop' }]]);
  assert.deepEqual(
    play(
      inputs.map((is) => [9, { is } as LoopInput]),
      state,
    ).effects,
    [],
  );
});

test('whatever comes in whatever order, outages alternate and a waiting loop has a timer', () => {
  const plain = ['connected', 'arrival', 'claimed', 'written', 'drained', 'due', 'resume'] as const;
  const input = fc.oneof(
    fc.constantFrom(...plain).map((is): LoopInput => ({ is })),
    fc.record({
      is: fc.constant('failed' as const),
      reason: fc.constant('r'),
      forMs: fc.oneof(fc.constantFrom('transient' as const, 'stopped' as const), fc.nat(10_000)),
      progress: fc.boolean(),
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(5_000), input), { maxLength: 60 }), (steps) => {
      let state = initialState;
      let nowMs = 0;
      let outage = false;
      for (const [waited, given] of steps) {
        nowMs += waited;
        const step = nextStep(state, given, at(nowMs));
        state = step.state;
        for (const effect of step.effects) {
          if (effect.do !== 'outage') continue;
          assert.equal(effect.change, outage ? 'ended' : 'started');
          outage = !outage;
        }
        assert.equal(state.outage, outage);
        assert.equal(state.wakeAt !== undefined, state.name === 'backing-off');
        if (state.name === 'stopped' || state.name === 'backing-off') assert.equal(capacity(state, 8), 0);
      }
    }),
  );
});
