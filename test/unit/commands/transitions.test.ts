import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { commandStates } from '../../../contracts/command.ts';
import type { CommandState } from '../../../contracts/command.ts';
import {
  answerMs,
  commandEvents,
  eventAt,
  isFinal,
  mostTries,
  nextState,
} from '../../../gateway/commands/transitions.ts';

test('whatever happens, a final state stays, and a command that went out never waits or expires', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...commandEvents), { maxLength: 40 }), (events) => {
      let state: CommandState = 'accepted';
      let wentOut = false;
      let ends = 0;
      for (const event of events) {
        const next = nextState(state, event);
        if (next === undefined) continue;
        assert.ok(!isFinal(state), `${state} is final`);
        if (isFinal(next)) ends += 1;
        wentOut ||= next === 'sent';
        if (wentOut) assert.ok(next !== 'accepted' && next !== 'queued' && next !== 'expired');
        if (next === 'acked') assert.ok(wentOut);
        state = next;
      }
      assert.ok(ends <= 1);
    }),
  );
});

test('time alone ends every command: one that is not idempotent goes out once, another at most three times', () => {
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.integer({ min: 100, max: 60_000 }),
      fc.array(fc.boolean(), { maxLength: 50 }),
      (idempotent, ttlMs, presence) => {
        const command = { state: 'accepted' as CommandState, idempotent, tries: 0, dueMs: ttlMs, sentMs: 0 };
        let now = 0;
        let sent = 0;
        for (let step = 0; !isFinal(command.state); step++) {
          assert.ok(now <= ttlMs + 2 * answerMs, 'it ended soon after its time');
          const event = eventAt({ ...command, reachable: presence[step] ?? false }, now);
          if (event === 'send' || event === 'resend') {
            assert.ok(now < ttlMs, 'nothing goes out late');
            sent += 1;
            command.tries += 1;
            command.sentMs = now;
          }
          if (event !== undefined) command.state = nextState(command.state, event) ?? assert.fail(event);
          now += 250;
        }
        assert.ok(sent <= (idempotent ? mostTries : 1));
        assert.equal(command.state, sent === 0 ? 'expired' : 'failed');
      },
    ),
  );
});

test('one that went out and was found after a start is sent again only if it is idempotent', () => {
  const found = { state: 'sent', tries: 1, dueMs: 60_000, sentMs: 0, reachable: true } as const;
  assert.equal(eventAt({ ...found, idempotent: false }, answerMs), 'silence');
  assert.equal(eventAt({ ...found, idempotent: true }, answerMs), 'resend');
  assert.equal(eventAt({ ...found, idempotent: true }, answerMs - 1), undefined);
});

test('every state is in the table', () => {
  assert.deepEqual(commandStates.filter(isFinal), ['acked', 'failed', 'expired']);
});
