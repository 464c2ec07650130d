import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { openRounds } from '../../../gateway/commands/rounds.ts';

test('open commands are looked at again and again; while there are none, no timer runs', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const agenda = { size: 0 };
  const look = mock.fn();
  using rounds = openRounds(agenda, look);
  rounds.begin();
  t.mock.timers.tick(1_000);
  assert.equal(look.mock.callCount(), 0);

  agenda.size = 1;
  rounds.begin();
  rounds.begin();
  for (let i = 0; i < 5; i++) t.mock.timers.tick(200);
  assert.equal(look.mock.callCount(), 5);

  agenda.size = 0;
  for (let i = 0; i < 5; i++) t.mock.timers.tick(200);
  assert.equal(look.mock.callCount(), 6, 'the last one looks at nothing and orders no other');

  agenda.size = 1;
  rounds.begin();
  rounds[Symbol.dispose]();
  t.mock.timers.tick(1_000);
  assert.equal(look.mock.callCount(), 6);
});
