import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nextState, restartBudget } from '../../../gateway/cells/supervision.ts';
import type { CellEvent } from '../../../gateway/cells/supervision.ts';

const events: readonly CellEvent[] = ['ready', 'ended', 'spent', 'due', 'close'];

test('nothing but closing leads out of quarantine, and nothing out of closed', () => {
  for (const event of events) {
    assert.equal(nextState('quarantined', event), event === 'close' ? 'closed' : 'quarantined');
    assert.equal(nextState('closed', event), 'closed');
  }
});

test('a cell runs only after it became ready in the same start', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...events)), (happened) => {
      let state: ReturnType<typeof nextState> = 'starting';
      for (const event of happened) {
        const next = nextState(state, event);
        if (next === 'running' && state !== 'running') assert.equal(`${state} ${event}`, 'starting ready');
        state = next;
      }
    }),
  );
});

test('the waits grow, the budget ends, and old ends are forgotten', () => {
  const budget = restartBudget({ max: 3, windowMs: 1_000, after: 'stop' });
  assert.deepEqual(
    [0, 1, 2, 3].map((at) => budget.book(at)),
    [250, 500, 1_000, undefined],
  );
  assert.equal(budget.book(1_500), 250);
});
