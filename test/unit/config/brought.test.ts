import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { checkBrought, layDownConfiguration } from '../../../gateway/config/brought.ts';
import { loadConfig, loadConfigOrLastGood } from '../../../gateway/config/load-config.ts';
import { tempDir } from '../buffer/buffer-fixture.ts';

const cloud = { tuya: { region: 'eu', clientId: 'c', secretFile: 'cloud-secret' } };

test('a configuration that was brought stands behind the file of the machine, with every file that it names', async (t) => {
  const [old, next] = [await tempDir(t), await tempDir(t)];
  await mkdir(join(old, 'vendor/acme'), { recursive: true });
  await mkdir(join(old, 'data/kept'), { recursive: true });
  await writeFile(join(old, 'vendor/acme/index.js'), 'export default 1;');
  await writeFile(join(old, 'cloud-secret'), 'hush');
  const plugins = { dir: 'vendor', policy: 'policy.yaml', secrets: { acme: { TOKEN: 'data/kept' } } };
  const first = {
    dataDir: 'data',
    claim: { codeFile: 'code' },
    mqtt: { port: 1884, maxConnections: 7 },
    cloud,
    plugins,
  };
  await writeFile(join(old, 'p.yaml'), stringify(first));

  await layDownConfiguration((await loadConfigOrLastGood(join(old, 'p.yaml'))).written, join(next, 'data'));
  await rm(old, { recursive: true });
  await mkdir(join(next, 'data/kept'));
  await writeFile(join(next, 'p.yaml'), stringify({ dataDir: 'data', mqtt: { port: 1885 } }));
  await checkBrought(join(next, 'data'));
  const config = await loadConfig(join(next, 'p.yaml'));
  assert.deepEqual([config.mqtt.port, config.mqtt.maxConnections, config.claim], [1885, 7, undefined]);
  assert.equal(await readFile(config.cloud.tuya?.secretFile ?? '', 'utf8'), 'hush');
  assert.equal(await readFile(join(config.plugins.dir ?? '', 'acme/index.js'), 'utf8'), 'export default 1;');
  assert.equal(config.plugins.policy, undefined, 'what plugins may is for the operator of each host to say');
  assert.equal(config.plugins.secrets['acme']?.['TOKEN'], join(next, 'data/kept'));
});

test('a configuration that names a file of the machine that it comes to, or one that is not there, is refused', async (t) => {
  const dataDir = await tempDir(t);
  await mkdir(join(dataDir, 'configuration'));
  for (const secretFile of ['/etc/hostname', '../../outside', 'files/0']) {
    const brought = { cloud: { tuya: { ...cloud.tuya, secretFile } } };
    await writeFile(join(dataDir, 'configuration/portcullis.yaml'), stringify(brought));
    await assert.rejects(checkBrought(dataDir), { code: 'PASSPORT_REFUSED' }, secretFile);
  }
});

test('a configuration that does not go together with what is written on the machine is refused', async (t) => {
  const dataDir = await tempDir(t);
  await mkdir(join(dataDir, 'configuration'));
  const brought = { influx: { url: 'https://influx.example', database: 'house' } };
  await writeFile(join(dataDir, 'configuration/portcullis.yaml'), stringify(brought));
  await checkBrought(dataDir);
  const machine = { influx: { organization: 'o', bucket: 'b' } };
  await assert.rejects(checkBrought(dataDir, machine), { code: 'PASSPORT_REFUSED', message: /influx/ });
});
