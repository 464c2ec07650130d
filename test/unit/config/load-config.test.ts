import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { keepAsLastGood, loadConfig, loadConfigOrLastGood } from '../../../gateway/config/load-config.ts';
import { readConfigured } from '../../../gateway/config/read-text.ts';

async function configFile(t: TestContext, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'site.yaml');
  await writeFile(path, text);
  return path;
}

test('relative paths are meant from the folder of the file', async (t) => {
  const path = await configFile(t, 'dataDir: data\nplugins: { dir: vendor }');
  const config = await loadConfig(path);
  assert.equal(config.dataDir, join(path, '../data'));
  assert.equal(config.plugins.dir, join(path, '../vendor'));
});

test('a file that breaks after it was good runs as it was, and says what is wrong with it', async (t) => {
  const path = await configFile(t, 'dataDir: data\nmqtt: { port: 1999 }');
  await keepAsLastGood(path);
  await writeFile(path, 'dataDir: data\nmqtt: { port: ');
  const { config, fellBackBecause } = await loadConfigOrLastGood(path);
  assert.equal(config.mqtt.port, 1999);
  assert.equal(fellBackBecause?.code, 'CONFIG_INVALID');
});

test('a file that was never good is an error', async (t) => {
  const path = await configFile(t, 'nonsense: 1');
  await assert.rejects(loadConfigOrLastGood(path), { code: 'CONFIG_INVALID' });
});

test('a file that is missing or empty is named with its key and the reason', async (t) => {
  const empty = await configFile(t, ' \n');
  await assert.rejects(readConfigured(empty, 'cloud.tuya.secretFile'), {
    code: 'FILE_UNREADABLE',
    message: /^cloud\.tuya\.secretFile: .* is empty/,
  });

  await assert.rejects(loadConfig('/nowhere/site.yaml'), {
    code: 'FILE_UNREADABLE',
    message: /\/nowhere\/site\.yaml.*ENOENT/,
  });
  await assert.rejects(readConfigured('/nowhere/secret', 'cloud.tuya.secretFile'), {
    message: /^cloud\.tuya\.secretFile: /,
  });
});
