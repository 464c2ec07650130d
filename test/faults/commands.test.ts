import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDaemon } from '../harness/daemon.ts';
import { command, ended, plugIn, resultsIn, type Lamp } from '../harness/lamp.ts';

/**
 * Where the gateway is killed with a command that must not be done twice, and what must be true of it in the end. A
 * command that went out is not sent again. The last one is the negative control: a gateway that acts before it remembers.
 */
const cases = {
  accepted: { told: 1, end: 'acked' },
  queued: { told: 1, end: 'acked' },
  sent: { told: 0, end: 'failed', code: 'OUTCOME_UNKNOWN' },
  published: { told: 1, end: 'failed', code: 'OUTCOME_UNKNOWN' },
  proved: { told: 1, end: 'failed', code: 'OUTCOME_UNKNOWN' },
  ended: { told: 1, end: 'acked' },
  acted: { told: 2, end: 'acked' },
};
const moments = Object.keys(cases) as (keyof typeof cases)[];

/** Each life dies of a command of its own. */
const lives = moments.map((moment) => {
  const death = `die-at-${moment}@${moment}`;
  return { PORTCULLIS_BREAK: moment === 'acted' ? `act-before-commit,${death}` : death };
});

test('killed at each moment of a command, it acts at most once and has one result; one that acts first is found out', async (t) => {
  const daemon = await startDaemon(t, { config: { commands: { quietSeconds: 0 } }, env: lives[0] ?? {} });
  await using plugged = new AsyncDisposableStack();
  const lamps = new Map<string, Lamp>();
  const plug = async (name: string): Promise<Lamp> => {
    const lamp = plugged.use(await plugIn(daemon, { name }));
    lamps.set(name, lamp);
    return lamp;
  };
  const toggle = (id: string) =>
    command(daemon, {
      id,
      device: `tasmota:${id}`,
      name: 'set',
      args: { command: 'POWER', payload: 'TOGGLE' },
      ttlMs: 600_000,
    });
  for (const [life, moment] of moments.entries()) {
    const lamp = await plug(moment);
    // Nobody is there: the command has to wait.
    if (moment === 'queued') await lamp[Symbol.asyncDispose]();
    const death = daemon.ended();
    // The moment may come before the answer.
    await toggle(moment).catch(() => undefined);
    await death;
    await daemon.start(lives[life + 1] ?? { PORTCULLIS_BREAK: '' });
    if (moment === 'queued') await plug(moment);
    // Its source asks again, as it may.
    await toggle(moment);
    // One that can still be done is done before the next death, which else might fall between its going out and its proof.
    if (cases[moment].end === 'acked') await ended(daemon, moment);
  }
  for (const moment of moments) {
    const { told, end, ...rest } = cases[moment];
    const { state, code } = await ended(daemon, moment);
    const seen = lamps.get(moment)?.told.length ?? 0;
    // A kill just behind `publish` may be faster than the socket.
    if (moment === 'published') assert.ok(seen <= told, moment);
    else assert.equal(seen, told, moment);
    assert.equal(state, end, moment);
    assert.equal(code, 'code' in rest ? rest.code : undefined, moment);
  }
  await daemon.stop();
  const results = moments.map((moment) => `${moment} ${cases[moment].end}`);
  assert.deepEqual(resultsIn(daemon.dataDir).toSorted(), results.toSorted());
});
