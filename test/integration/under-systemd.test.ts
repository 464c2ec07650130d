import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { writeStarter } from '../../scripts/cross-build/tree.ts';
import { layBuilt } from '../harness/built.ts';
import { cli } from '../harness/cli.ts';
import { startDaemon } from '../harness/daemon.ts';
import { debianRoot } from '../harness/debian-root.ts';
import { freePort } from '../harness/free-port.ts';
import { startSystemd, type SystemdGuest } from '../harness/systemd-guest.ts';
import { waitUntil } from '../harness/wait-until.ts';

const here = join(import.meta.dirname, '../..');
const installed = '/usr/lib/portcullis';
const code = 'K7QMP2XD';
const phrase = 'seven quiet valves';

/** What systemd knows of the unit. */
const property = (guest: SystemdGuest, name: string): Promise<string> =>
  guest.run('systemctl', 'show', 'portcullis', '--property', name, '--value');

test('systemd starts the gateway anew, as the one of the passport that was laid down, and when its event loop stands still', async (t) => {
  const debian = await debianRoot(t);
  if (debian === undefined) return;
  const port = await freePort();
  await using guest = startSystemd(debian.root, {
    unit: 'portcullis.service',
    binds: await install(debian.root, { http: { port }, mqtt: { port: await freePort() } }),
  });
  const fetched = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}${path}`, { ...init, signal: AbortSignal.timeout(60_000) });
  const started = (times: number): Promise<void> =>
    waitUntil(
      `systemd to have started it ${times} times`,
      async () =>
        (await property(guest, 'NRestarts').catch(() => '')) === String(times - 1) &&
        (await property(guest, 'ActiveState')) === 'active',
      120_000,
    );
  const journal = (): Promise<string> => guest.run('journalctl', '--unit', 'portcullis', '--output', 'cat');

  await started(1);
  const claimed = await fetched('/api/v1/claim', asJson({ code, account: { name: 'Ada', password: 'quiet-valve-9' } }));
  const { adminToken } = (await claimed.json()) as { adminToken: string };
  const authorization = `Bearer ${adminToken}`;
  const { file, name } = await passportOfAnother(t, debian.root);
  const arrival = '/api/v1/system/passport/arrival';
  const headers = { authorization, 'content-type': 'application/octet-stream' };
  const sent = await fetched(`${arrival}/parts?offset=0`, { method: 'POST', headers, body: readFileSync(file) });
  assert.equal(sent.status, 200, await sent.text());
  const laid = await fetched(arrival, asJson({ passphrase: phrase }, authorization));
  assert.equal(laid.status, 202, await laid.text());
  await started(2);
  const [before = '', after = ''] = (await journal()).split('INFO: stopping {"reason":"restart"}');
  assert.ok(before.includes('the gateway is ready') && !before.includes(`(${name})`), before);
  assert.ok(after.includes(`(${name}): the gateway is ready`), after);

  await guest.run('systemctl', 'kill', '--signal=STOP', '--kill-whom=main', 'portcullis');
  await started(3);
});

const asJson = (body: object, authorization = ''): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
  body: JSON.stringify(body),
});

/** Lays the gateway where its package does; gives back the folders that are only lent. */
async function install(root: string, config: object): Promise<Record<string, string>> {
  const tree = join(root, installed);
  mkdirSync(join(tree, 'runtime'), { recursive: true });
  await layBuilt(join(tree, 'app'));
  mkdirSync(join(tree, 'app/node_modules'));
  writeStarter(tree);
  copyFileSync(process.execPath, join(tree, 'runtime/node'));
  symlinkSync('../lib/portcullis/bin/portcullis', join(root, 'usr/bin/portcullis'));
  for (const [file, to] of [
    ['portcullis.service', 'usr/lib/systemd/system/portcullis.service'],
    ['portcullis.sysusers.conf', 'usr/lib/sysusers.d/portcullis.conf'],
    ['portcullis.tmpfiles.conf', 'usr/lib/tmpfiles.d/portcullis.conf'],
  ] as const)
    cpSync(join(here, 'systemd', file), join(root, to));
  // The unit's 90 seconds are for slow cards.
  const dropIn = join(root, 'etc/systemd/system/portcullis.service.d');
  mkdirSync(dropIn, { recursive: true });
  writeFileSync(join(dropIn, 'test.conf'), '[Service]\nWatchdogSec=12\n');
  const settings = join(root, 'etc/portcullis');
  mkdirSync(join(settings, 'secrets'), { recursive: true });
  writeFileSync(join(settings, 'secrets/claim'), code);
  const claim = { codeFile: '/run/credentials/portcullis.service/secret_claim' };
  writeFileSync(join(settings, 'portcullis.yaml'), stringify({ dataDir: '/var/lib/portcullis', claim, ...config }));
  return { [join(here, 'node_modules')]: `${installed}/app/node_modules` };
}

async function passportOfAnother(t: Parameters<typeof startDaemon>[0], folder: string) {
  const daemon = await startDaemon(t);
  const [file, phraseFile] = [join(folder, 'tmp-passport'), join(folder, 'tmp-phrase')];
  writeFileSync(phraseFile, phrase);
  const own = ['--config', join(daemon.dataDir, '../portcullis.yaml'), '--passphrase-file', phraseFile];
  const made = await promisify(execFile)(process.execPath, [cli, 'passport', 'make', file, ...own, '--json']);
  rmSync(phraseFile);
  await daemon.kill();
  return { file, name: (JSON.parse(made.stdout) as { gateway: string }).gateway };
}
