import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pino } from 'pino';
import { openAdmission } from '../../../gateway/admission/open-admission.ts';
import { checkDecisionLog } from '../../../gateway/admission/record/decision-log.ts';
import { listen } from '../../../gateway/observability/channels.ts';
import { systemClock } from '../../../gateway/lib/clock.ts';

const root = join(import.meta.dirname, '../../..');

test('every start puts one signed decision per plugin on record, with a key of this gateway alone', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'door-'));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  const settings = { dataDir, contracts: [join(root, 'contracts/plugins')] };
  const deps = { log: pino({ level: 'silent' }), clock: systemClock };
  let plugins = 0;
  for (const stored of [false, true]) {
    await using door = await openAdmission(settings, deps);
    const found = await door.admit(join(root, 'plugins'), { stored, origin: 'shipped' });
    plugins = found.length;
    for (const { run, name } of found) {
      assert.ok(run, name);
      assert.equal(run.folder.startsWith(dataDir), stored);
    }
  }
  const keyFile = join(dataDir, 'admission/decision-key.pem');
  assert.equal((await stat(keyFile)).mode & 0o777, 0o600);
  const log = join(dataDir, 'admission/decisions.jsonl');
  const { records, fault } = await checkDecisionLog(log, createPublicKey(await readFile(keyFile, 'utf8')));
  assert.deepEqual({ records, fault }, { records: 2 * plugins, fault: undefined });
  await writeFile(log, 'forged\n');
  const alarms: string[] = [];
  using _listening = listen('alarm', ({ code }) => alarms.push(code));
  {
    await using door = await openAdmission(settings, deps);
    await door.admit(join(root, 'plugins'), { stored: false, origin: 'shipped' });
  }
  assert.equal(alarms[0], 'decision_log_broken');
  const kept = (await readdir(join(dataDir, 'admission'))).find((name) => name.includes('broken'));
  assert.equal(await readFile(join(dataDir, 'admission', kept ?? ''), 'utf8'), 'forged\n');
});
