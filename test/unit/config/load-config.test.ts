import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { z } from 'zod';
import { keepAsLastGood, loadConfig, loadConfigOrLastGood } from '../../../gateway/config/load-config.ts';
import { configSchema } from '../../../gateway/config/schema.ts';
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

test('every file that the configuration can name is meant from its folder', async (t) => {
  const smtp = { kind: 'email', host: 'mail.example', from: 'a@b.example', user: 'u', passwordFile: 'x', ca: 'x' };
  const hook = { kind: 'webhook', url: 'https://hook.example', secretFile: 'x', ca: 'x' };
  const ntfy = { kind: 'ntfy', url: 'https://ntfy.example/t', tokenFile: 'x', ca: 'x' };
  const sasl = { mechanism: 'PLAIN', username: 'u', passwordFile: 'x' };
  const given = {
    dataDir: 'x',
    claim: { codeFile: 'x' },
    http: { tls: { certFile: 'x', keyFile: 'x' } },
    mqtt: { tls: { certFile: 'x', keyFile: 'x', clientCaFile: 'x' } },
    cloud: { tuya: { region: 'eu', clientId: 'c', secretFile: 'x', ca: 'x', products: 'x' } },
    kafka: { brokers: ['k:9092'], tls: { ca: 'x' }, sasl },
    influx: { url: 'https://influx.example', organization: 'o', bucket: 'b', tokenFile: 'x', ca: 'x' },
    notify: { channels: { smtp, hook, ntfy } },
    plugins: { dir: 'x', policy: 'x', secrets: { acme: { TOKEN: 'x' } } },
    access: {
      provider: {
        issuer: 'https://id.example',
        clientId: 'c',
        clientSecretFile: 'x',
        redirectUri: 'https://g.example/api/v1/login/provider/callback',
        roles: { a: 'engineer' },
      },
    },
    rules: { dir: 'x' },
    flows: { folder: 'x' },
    traces: { endpoint: 'https://collector.example', headerFiles: { authorization: 'x' }, ca: 'x' },
  };
  const path = await configFile(t, JSON.stringify(given));
  const text = JSON.stringify(await loadConfig(path));
  assert.equal(text.match(/:"x"/g), null, text);
  const named = JSON.stringify(given).match(/:"x"/g)?.length;
  assert.equal(text.split(JSON.stringify(join(path, '../x'))).length - 1, named);
  const schema = JSON.stringify(z.toJSONSchema(configSchema, { io: 'input' }));
  const paths = schema.match(/"minLength":1,"maxLength":4096/g)?.length;
  assert.equal(paths, Number(named) + 1, 'the password of InfluxDB 1 cannot be there beside the token');
});

test('a file that breaks after it was good runs as it was, and says what is wrong with it', async (t) => {
  const path = await configFile(t, 'dataDir: data\nmqtt: { port: 1999 }');
  await keepAsLastGood(path);
  await writeFile(path, 'dataDir: data\nmqtt: { port: ');
  const { config, fellBackBecause } = await loadConfigOrLastGood(path);
  assert.equal(config.mqtt.port, 1999);
  assert.equal(fellBackBecause?.code, 'CONFIG_INVALID');
});

test('under systemd the last good configuration is kept where the gateway may write, and means its paths from the same folder', async (t) => {
  const path = await configFile(t, 'dataDir: data');
  const state = await mkdtemp(join(tmpdir(), 'portcullis-'));
  t.after(() => rm(state, { recursive: true }));
  process.env['STATE_DIRECTORY'] = state;
  t.after(() => delete process.env['STATE_DIRECTORY']);
  await keepAsLastGood(path);
  assert.deepEqual([await readdir(state), await readdir(join(path, '..'))], [['.site.yaml.last-good'], ['site.yaml']]);
  await writeFile(path, 'dataDir: [');
  assert.equal((await loadConfigOrLastGood(path)).config.dataDir, join(path, '../data'));
});

test('what a passport brought runs as it was when it breaks after it was good, and a file that breaks runs with that', async (t) => {
  const path = await configFile(t, 'dataDir: data\n');
  const brought = join(path, '../data/configuration/portcullis.yaml');
  await mkdir(join(brought, '..'), { recursive: true });
  await writeFile(brought, 'site: { name: villa }\nrules: { dir: mine }\n');
  await keepAsLastGood(path);

  await writeFile(brought, 'sight: { name: villa }\n');
  for (const own of ['dataDir: data\n', 'dataDir: [']) {
    await writeFile(path, own);
    const { config, fellBackBecause } = await loadConfigOrLastGood(path);
    assert.equal(config.site.name, 'villa');
    assert.equal(config.rules.dir, join(brought, '../mine'));
    assert.equal(fellBackBecause?.code, 'CONFIG_INVALID');
  }

  await writeFile(path, 'dataDir: data\n');
  await rm(brought);
  await keepAsLastGood(path);
  await writeFile(brought, 'sight: {}\n');
  await assert.rejects(loadConfigOrLastGood(path), { message: /sight/ }, 'it was never good');
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
