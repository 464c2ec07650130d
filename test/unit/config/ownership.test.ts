import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openOwnership } from '../../../gateway/config/ownership.ts';

const minuteMs = 60_000;

/** A gateway of the image as it is when the card was written: a code, and a clock that the test moves. */
async function fresh(t: TestContext) {
  const dataDir = mkdtempSync(join(tmpdir(), 'portcullis-claim-'));
  t.after(() => rmSync(dataDir, { recursive: true }));
  const codeFile = join(dataDir, 'code');
  writeFileSync(codeFile, 'KP7XQ2MB\n');
  const clock = { nowMs: 0 };
  const open = () => openOwnership({ dataDir, claim: { codeFile } }, () => clock.nowMs);
  return { ownership: await open(), clock, open };
}

test('the code opens the gateway once, and the next start knows it', async (t) => {
  const { ownership, open } = await fresh(t);
  assert.equal(ownership.isClaimed(), false);
  assert.match(await ownership.claim('kp7x-q2mb'), /^[\w-]{20,}$/);
  assert.equal(ownership.isClaimed(), true);
  await assert.rejects(ownership.claim('KP7XQ2MB'), { code: 'CONFLICT' });
  assert.equal((await open()).isClaimed(), true);
});

test('after five wrong codes even the right one waits for ten minutes', async (t) => {
  const { ownership, clock } = await fresh(t);
  for (let n = 0; n < 5; n += 1) await assert.rejects(ownership.claim(`WRONG${n}`), { code: 'NOT_ALLOWED' });
  await assert.rejects(ownership.claim('KP7XQ2MB'), { code: 'OVERLOADED' });
  clock.nowMs = 11 * minuteMs;
  await ownership.claim('KP7XQ2MB');
  assert.equal(ownership.isClaimed(), true);
});

test('without a claim code in the configuration the gateway belongs to who wrote it', async () => {
  const ownership = await openOwnership({ dataDir: '/nowhere' }, () => 0);
  assert.equal(ownership.isClaimed(), true);
});
