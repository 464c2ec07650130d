import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { stringify } from 'yaml';
import { cli } from '../harness/cli.ts';
import { smallDisk } from '../harness/shim.ts';

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-start-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs the daemon with a configuration that it cannot start with; it must end by itself. */
function run(folder: string, config: object | string): { code: number | null; said: string } {
  const file = join(folder, 'portcullis.yaml');
  writeFileSync(file, typeof config === 'string' ? config : stringify(config));
  const { status, stderr } = spawnSync(process.execPath, [cli, 'run', '--config', file], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { code: status, said: stderr };
}

interface Case {
  readonly name: string;
  readonly config: (folder: string) => object | string;
  readonly code: number;
  readonly says: RegExp;
}

const small = (folder: string): { dataDir: string; mqtt: object; http: object } => ({
  dataDir: join(folder, 'data'),
  mqtt: { port: 0 },
  http: { port: 0 },
});

const tuya = (folder: string, changed: object): object => ({
  ...small(folder),
  cloud: {
    tuya: { endpoint: 'https://127.0.0.1:9', clientId: 'id', secretFile: join(folder, 'secret'), ...changed },
  },
});

function noCertificate(folder: string): { certFile: string; keyFile: string } {
  const file = join(folder, 'no-certificate');
  writeFileSync(file, 'dataDir: x');
  return { certFile: file, keyFile: file };
}

const cases: readonly Case[] = [
  { name: 'an empty file', config: () => '', code: 78, says: /the file: / },
  { name: 'a file that is no YAML', config: () => 'dataDir: [a', code: 78, says: /line \d/ },
  { name: 'a file of a megabyte', config: () => `# ${'x'.repeat(1_000_000)}`, code: 78, says: /larger than/ },
  {
    name: 'a misspelt key',
    config: (folder) => ({ ...small(folder), http: { prot: 1 } }),
    code: 78,
    says: /http\.prot: .*"port"/,
  },
  {
    name: 'an address of another machine',
    config: (folder) => ({ ...small(folder), mqtt: { port: 0, host: '192.0.2.1' } }),
    code: 78,
    says: /192\.0\.2\.1.*mqtt\.host/,
  },
  {
    name: 'a host name that nobody knows for the API',
    config: (folder) => ({ ...small(folder), http: { port: 0, host: 'nowhere.invalid' } }),
    code: 78,
    says: /nowhere\.invalid.*http\.host/,
  },
  {
    name: 'a data folder that is a file',
    config: (folder) => {
      writeFileSync(join(folder, 'data'), '');
      return small(folder);
    },
    code: 66,
    says: /dataDir .*cannot be used/,
  },
  {
    name: 'a data folder where nothing can be created',
    config: (folder) => ({ ...small(folder), dataDir: '/proc/portcullis' }),
    code: 66,
    says: /dataDir \/proc\/portcullis cannot be used/,
  },
  { name: 'no secret file', config: (folder) => tuya(folder, {}), code: 66, says: /secret/ },
  {
    name: 'an empty secret file',
    config: (folder) => {
      writeFileSync(join(folder, 'secret'), '\n');
      return tuya(folder, {});
    },
    code: 66,
    says: /secret .*empty/,
  },
  {
    name: 'a certificate that is none, for the broker',
    config: (folder) => ({ ...small(folder), mqtt: { port: 0, tls: { port: 0, ...noCertificate(folder) } } }),
    code: 78,
    says: /mqtt\.tls\.certFile: .*no-certificate holds no certificate in PEM\./,
  },
  {
    name: 'a certificate that is none, for the page',
    config: (folder) => ({ ...small(folder), http: { port: 0, tls: { port: 0, ...noCertificate(folder) } } }),
    code: 78,
    says: /http\.tls\.certFile: .*no-certificate holds no certificate in PEM\./,
  },
  {
    name: 'a certificate of its own that is damaged',
    config: (folder) => {
      mkdirSync(join(folder, 'data/tls'), { recursive: true });
      writeFileSync(join(folder, 'data/tls/cert.pem'), '-----BEGIN CERTIFICATE-----\nMIIB');
      writeFileSync(join(folder, 'data/tls/key.pem'), '');
      return { ...small(folder), mqtt: { port: 0, tls: { port: 0 } } };
    },
    code: 66,
    says: /tls\/cert\.pem holds no whole certificate\. .*remove both/,
  },
  {
    name: 'an authority of client certificates that is none',
    config: (folder) => {
      const { certFile: clientCaFile } = noCertificate(folder);
      return { ...small(folder), mqtt: { port: 0, tls: { port: 0, clientCaFile } } };
    },
    code: 78,
    says: /mqtt\.tls\.clientCaFile: .*no-certificate holds no certificate in PEM\./,
  },
  {
    name: 'an authority of the cloud that is none',
    config: (folder) => {
      writeFileSync(join(folder, 'secret'), 's');
      return tuya(folder, { ca: noCertificate(folder).certFile });
    },
    code: 78,
    says: /cloud\.tuya\.ca: .*no-certificate holds no certificate in PEM\./,
  },
];

for (const { name, config, code, says } of cases) {
  test(`${name}: one clear sentence, exit ${code}, no stack trace`, (t) => {
    const folder = folderOf(t);
    const end = run(folder, config(folder));
    assert.match(end.said, says);
    assert.doesNotMatch(end.said, /\n\s+at |fault of its own/);
    assert.equal(end.code, code);
  });
}

for (const key of ['mqtt.port', 'mqtt.tls.port', 'mqtt.websocket.port', 'http.port']) {
  test(`a taken ${key}: one clear sentence with the port, exit 69`, async (t) => {
    const folder = folderOf(t);
    const server = createServer().listen(0, '127.0.0.1');
    t.after(() => server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { mqtt, http, ...rest } = small(folder);
    const part = key.split('.').at(-2);
    const config = {
      ...rest,
      mqtt: part === 'mqtt' ? { port } : { ...mqtt, ...(part !== 'http' && { [part ?? '']: { port } }) },
      http: part === 'http' ? { port } : http,
    };
    const end = run(folder, config);
    assert.match(end.said, new RegExp(`portcullis: .*${port}`));
    assert.doesNotMatch(end.said, /\n\s+at |fault of its own/);
    assert.equal(end.code, 69);
  });
}

test('a disk that is full at the first start: one clear sentence, exit 74', (t) => {
  const disk = smallDisk(t, 1);
  if (disk === undefined) return;
  mkdirSync(join(disk, 'data'));
  try {
    writeFileSync(join(disk, 'ballast'), Buffer.alloc(2 * 1024 * 1024));
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
  }
  const end = run(folderOf(t), small(disk));
  assert.match(end.said, /no room/);
  assert.doesNotMatch(end.said, /\n\s+at |fault of its own/);
  assert.equal(end.code, 74);
});

test('a broken configuration with a last good one that cannot start either: both are said', (t) => {
  const folder = folderOf(t);
  writeFileSync(join(folder, '.portcullis.yaml.last-good'), stringify({ dataDir: '/proc/portcullis' }));
  const file = join(folder, 'portcullis.yaml');
  writeFileSync(file, 'dataDir: [a');
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, 'run', '--config', file], { encoding: 'utf8' });
  assert.match(stdout, /portcullis\.yaml is broken; the last good configuration runs/);
  assert.match(stderr, /dataDir \/proc\/portcullis cannot be used/);
  assert.equal(status, 66);
});
