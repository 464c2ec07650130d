import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { packBundle } from '../../gateway/admission/bundle/bundle.ts';
import { generateSigner, readPrivateKey } from '../../gateway/admission/integrity/signature.ts';
import { readSourceTree } from '../../gateway/admission/source-tree.ts';
import { cannotRun } from '../harness/cannot-run.ts';
import { cli } from '../harness/cli.ts';
import { tempDir } from '../unit/buffer/buffer-fixture.ts';
import { waitUntil } from '../harness/wait-until.ts';
import { makeOne, passphrase } from '../unit/passport/passport-fixture.ts';

const run = promisify(execFile);
const portcullis = (...args: string[]) => run(process.execPath, [cli, ...args]);
const nobody = 65_534;

/** What lies in a folder and is not of the user whose the folder is. */
async function ofOthers(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true });
  const isOfOthers = await Promise.all(
    entries.map(async (path) => {
      const { uid, gid } = await lstat(join(folder, path));
      return uid !== nobody || gid !== nobody;
    }),
  );
  return entries.filter((_, n) => isOfOthers[n]);
}

test('what commands of root write into the folders of the gateway belongs to the user of the gateway', async (t) => {
  if (cannotRun(t, process.getuid?.() === 0 ? undefined : 'needs root: nobody else can give a file to another user'))
    return;
  const { file } = await makeOne(t);
  const [dir, secret] = [await tempDir(t), join(await tempDir(t), 'passphrase')];
  await writeFile(secret, passphrase);
  const [dataDir, plugins, config] = [join(dir, 'data'), join(dir, 'plugins'), join(dir, 'site.yaml')];
  await writeFile(config, stringify({ dataDir, plugins: { dir: plugins } }));
  await mkdir(dataDir);
  await mkdir(plugins);
  await writeFile(join(dataDir, 'admin-token'), 'of another');
  for (const path of [dataDir, join(dataDir, 'admin-token'), plugins]) await chown(path, nobody, nobody);

  await portcullis('passport', 'restore', file, '--force', '--data', dataDir, '--passphrase-file', secret);
  assert.deepEqual(await ofOthers(dataDir), []);
  const broken = portcullis('passport', 'restore', secret, '--force', '--data', dataDir, '--passphrase-file', secret);
  await assert.rejects(broken);
  await portcullis('passport', 'take-over', '--data', dataDir);
  assert.deepEqual(await ofOthers(dataDir), []);

  const quarantine = join(dataDir, 'admission/quarantine.json');
  await mkdir(join(dataDir, 'admission'));
  await writeFile(quarantine, JSON.stringify({ acme: { tree: 'a', why: 'b', at: 'c' } }));
  await portcullis('plugin', 'release', 'acme', '--config', config);
  assert.equal(await readFile(quarantine, 'utf8'), '{}\n');
  assert.deepEqual(await ofOthers(dataDir), []);

  const key = readPrivateKey(generateSigner().privatePem) ?? assert.fail();
  const made = await tempDir(t);
  await writeFile(join(made, 'package.json'), '{"name":"zigbee2mqtt","version":"1.0.0","type":"module"}');
  const { bytes } = packBundle(await readSourceTree(made), { id: 'vendor', key, at: new Date() });
  await writeFile(join(plugins, 'zigbee2mqtt.plugin.tgz'), bytes);
  await portcullis('plugin', 'rollback', 'zigbee2mqtt', '--config', config);
  assert.deepEqual(await readdir(plugins), ['.versions']);
  assert.deepEqual(await ofOthers(plugins), []);
});

test('a factory reset of root that is killed can be finished by the user of the gateway', async (t) => {
  if (cannotRun(t, process.getuid?.() === 0 ? undefined : 'needs root: nobody else can give a file to another user'))
    return;
  const dir = await tempDir(t);
  const [dataDir, config] = [join(dir, 'data'), join(dir, 'site.yaml')];
  await writeFile(config, stringify({ dataDir }));
  await mkdir(dataDir);
  await writeFile(join(dataDir, 'admin-token'), 'of another');
  await chown(dataDir, nobody, nobody);
  for (let n = 0; n < 5_000; n++) await writeFile(join(dataDir, `leftover-${n}`), '');

  const child = spawn(process.execPath, [cli, 'factory-reset', '--config', config, '--yes'], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  const mark = join(dataDir, 'factory-reset');
  const isReadable = async (): Promise<boolean> => (await lstat(mark).catch(() => undefined))?.uid === nobody;
  await waitUntil('the mark to be of the user of the gateway while there is something left', isReadable, 20_000);
  child.kill('SIGKILL');
  await ended;
});
