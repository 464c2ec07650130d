import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { listen } from '../../../gateway/observability/channels.ts';
import { entry, measurement, open, tempDir } from './buffer-fixture.ts';

/** A buffer that has made as many commits as the card may take, and says how many records each of those since holds. */
async function openSpent(t: TestContext, maxMs: number) {
  const perMinute = 3;
  const buffer = await open(t, await tempDir(t), { linger: { maxMs, commitsPerDay: perMinute * 24 * 60 } });
  const commits: number[] = [];
  const listening = listen('committed', ({ records }) => commits.push(records));
  t.after(() => listening[Symbol.dispose]());
  for (let n = 0; n <= perMinute; n++) await buffer.append(entry(measurement('a', n)));
  assert.deepEqual(commits.splice(0), [1, 1, 1, 1], 'each at once until then');
  return { buffer, commits };
}

test('beyond what the card may take, telemetry waits for company', async (t) => {
  const { buffer, commits } = await openSpent(t, 400);
  const appended: Promise<void>[] = [];
  for (const value of [10, 11, 12]) {
    appended.push(buffer.append(entry(measurement('a', value))));
    await sleep(20);
  }
  assert.deepEqual(commits, []);
  await Promise.all(appended);
  assert.deepEqual(commits, [3]);
});

test('an alarm waits for nobody, and takes along what does', async (t) => {
  const { buffer, commits } = await openSpent(t, 60_000);
  const waiting = buffer.append(entry(measurement('a', 10)));
  await sleep(20);
  await Promise.all([waiting, buffer.append(entry(measurement('a', 11, 'alarm')))]);
  assert.deepEqual(commits, [2]);
});
