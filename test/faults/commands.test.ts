import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDaemon } from '../harness/daemon.ts';
import { command, ended, lampId, plugIn, resultsIn } from '../harness/lamp.ts';

const toggle = {
  id: 'once',
  device: lampId,
  name: 'set',
  args: { command: 'POWER', payload: 'TOGGLE' },
  ttlMs: 60_000,
};

/** Kills the gateway at a moment of a command that must not be done twice, and lets it go on. */
async function interrupted(t: Parameters<typeof startDaemon>[0], broken: string) {
  // A quiet period makes every command wait in `queued` first.
  const config = { commands: { quietSeconds: broken === 'die-at-queued' ? 10 : 3 } };
  const daemon = await startDaemon(t, { config, env: { PORTCULLIS_BREAK: broken } });
  await using lamp = await plugIn(daemon);
  const death = daemon.ended();
  // The moment may come before the answer.
  await command(daemon, toggle).catch(() => undefined);
  await death;
  await daemon.start({ PORTCULLIS_BREAK: '' });
  // Its source asks again, as it may.
  await command(daemon, toggle);
  const end = await ended(daemon, toggle.id);
  await daemon.stop();
  return { told: lamp.told.length, end: end.state, code: end.code, results: resultsIn(daemon.dataDir) };
}

/** What must be true after a kill at each moment; a command that went out is not sent again. */
const cases = {
  accepted: { told: 1, end: 'acked' },
  queued: { told: 1, end: 'acked' },
  sent: { told: 0, end: 'failed', code: 'OUTCOME_UNKNOWN' },
  published: { told: 1, end: 'failed', code: 'OUTCOME_UNKNOWN' },
  proved: { told: 1, end: 'failed', code: 'OUTCOME_UNKNOWN' },
  ended: { told: 1, end: 'acked' },
};

for (const [moment, { told, end, ...rest }] of Object.entries(cases)) {
  test(`killed when a command is ${moment}: it acts at most once and has one result`, async (t) => {
    const seen = await interrupted(t, `die-at-${moment}`);
    // A kill just behind `publish` may be faster than the socket.
    if (moment === 'published') assert.ok(seen.told <= told);
    else assert.equal(seen.told, told);
    assert.equal(seen.end, end);
    assert.equal(seen.code, 'code' in rest ? rest.code : undefined);
    assert.deepEqual(seen.results, [`once ${end}`]);
  });
}

test('a gateway that acts before it remembers is found out', async (t) => {
  const env = { PORTCULLIS_BREAK: 'act-before-commit,die-at-acted' };
  const daemon = await startDaemon(t, { config: { commands: { quietSeconds: 0 } }, env });
  await using lamp = await plugIn(daemon);
  const death = daemon.ended();
  await command(daemon, toggle).catch(() => undefined);
  await death;
  await daemon.start({ PORTCULLIS_BREAK: '' });
  await ended(daemon, toggle.id);
  assert.equal(lamp.told.length, 2);
});
