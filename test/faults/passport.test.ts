import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cli } from '../harness/cli.ts';
import { startCloud } from '../harness/cloud.ts';
import { startDaemon } from '../harness/daemon.ts';
import { assertNothingLost } from '../harness/judge.ts';
import { post } from '../harness/post.ts';
import { startPublisher } from '../harness/publisher.ts';
import { compileShim } from '../harness/shim.ts';
import { waitUntil } from '../harness/wait-until.ts';
import { readDiskLog } from './power-cut/disk-log.ts';

/** Everything that making one leaves while it is at work. */
const leftovers = (folder: string): string[] =>
  readdirSync(folder).filter((name) => /\.tmp$|^passport-(scratch|made)/.test(name));

/** Processes that make a passport for a gateway. */
const makersOf = (gateway: number): string[] =>
  readFileSync(`/proc/${gateway}/task/${gateway}/children`, 'utf8')
    .split(' ')
    .filter((pid) => pid !== '' && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('passport-process'));

test('a passport that is killed before any change of the disk leaves no half one, and the next one clears what it left', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-killed-passport-'));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const [dataDir, file, phrase, killFile, log] = ['data', 'house.passport', 'phrase', 'kill', 'log'].map((name) =>
    join(folder, name),
  ) as [string, string, string, string, string];
  writeFileSync(phrase, 'seven quiet valves\n');
  const cloud = await startCloud(t);
  await cloud.fault({ kind: 'refuse', forMs: 600_000 });
  const daemon = await startDaemon(t, { dataDir, config: { cloud: cloud.config } });
  const before = await startPublisher({ port: daemon.mqttPort, devices: 3 });
  await waitUntil('records wait', () => before.acknowledged.size > 200);
  await before.stop();

  const passport = (...words: string[]) =>
    spawnSync(process.execPath, [cli, 'passport', ...words, '--passphrase-file', phrase], {
      encoding: 'utf8',
      env: {
        ...process.env,
        LD_PRELOAD: compileShim(join(import.meta.dirname, '../shims/disk-log.c')),
        DISK_LOG_FILE: log,
        DISK_LOG_FOLDER: folder,
        DISK_LOG_KILL_FILE: killFile,
      },
    });
  const make = () => passport('make', file, '--data', dataDir);
  const first = make();
  assert.equal(first.status, 0, first.stderr);
  const changes = readDiskLog(readFileSync(log), folder).filter(({ change }) => change.is !== 'sync').length;
  rmSync(file);

  // The last changes write the file and give it its name; not every run has the same number of them.
  const early = [1, Math.floor(changes / 3), Math.floor((2 * changes) / 3)];
  const late = Array.from({ length: 12 }, (_, n) => changes - 10 + 3 * n);
  let [killed, whole] = [0, 0];
  for (const change of [...early, ...late]) {
    writeFileSync(killFile, String(change));
    const { signal } = make();
    if (existsSync(file)) {
      const { status, stderr } = passport('check', file);
      assert.equal(status, 0, `before change ${change} of ${changes}: ${stderr}`);
      rmSync(file);
      whole += 1;
    } else assert.equal(signal, 'SIGKILL');
    if (signal === null) break;
    killed += 1;
  }
  assert.ok(killed > early.length, `${killed} were killed`);
  t.diagnostic(`${killed} killed, ${whole} times the passport was there, and whole`);
  const next = make();
  assert.equal(next.status, 0, next.stderr);
  assert.deepEqual(leftovers(folder), []);

  const meanwhile = await startPublisher({ port: daemon.mqttPort, devices: 3, from: 1_000_000 });
  // Those of the killed ones stay until the next start.
  const old = leftovers(dataDir).length;
  const asked = post(daemon, '/api/v1/system/passport', { passphrase: 'seven quiet valves' });
  const refused = assert.rejects(asked);
  await waitUntil('one is made for the page', () => leftovers(dataDir).length > old);
  const makers = makersOf(daemon.pid());
  await daemon.kill();
  await refused;
  await meanwhile.stop();
  await waitUntil('its maker to be gone', () => makers.every((pid) => !existsSync(`/proc/${pid}`)));
  assert.deepEqual([makers.length, leftovers(dataDir).includes('passport-made')], [1, false], 'it went on by itself');
  await daemon.start();
  assert.deepEqual(leftovers(dataDir), []);
  await post(daemon, '/api/v1/system/passport', { passphrase: 'seven quiet valves' });
  assert.deepEqual(leftovers(dataDir), ['passport-made']);
  await cloud.clearFaults();
  await assertNothingLost(daemon, cloud, new Set([...before.acknowledged, ...meanwhile.acknowledged]));
});
