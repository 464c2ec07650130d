import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { checkClock, checkMemory, checkNode } from '../../../gateway/doctor/check-host.ts';
import { checkRelease } from '../../../gateway/doctor/check-release.ts';
import { parseConfig } from '../../../gateway/config/parse-config.ts';
import { examine, examineRunning } from '../../../gateway/doctor/examine.ts';
import type { Finding } from '../../../gateway/doctor/finding.ts';

async function folder(t: TestContext): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'portcullis-'));
  t.after(() => rm(made, { recursive: true }));
  return made;
}

const find = (findings: readonly Finding[], check: string, says: RegExp): Finding | undefined =>
  findings.find((finding) => finding.check === check && says.test(finding.says));

test('a taken port, a secret that others can read and a cloud that is away are found, each with a cure', async (t) => {
  const home = await folder(t);
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as { port: number };
  const secretFile = join(home, 'secret');
  await writeFile(secretFile, 'canary-secret');
  await chmod(secretFile, 0o644);
  const config = join(home, 'site.yaml');
  await writeFile(
    config,
    `dataDir: data\nplugins: { policy: gone.yaml }\nmqtt: { port: ${port} }\nhttp: { port: 0 }\ncloud: { tuya: { endpoint: "https://127.0.0.1:1", clientId: a, secretFile: secret } }`,
  );
  const findings = await examine(config, Date.now());
  assert.equal(find(findings, 'port', /is taken/)?.state, 'fail');
  assert.equal(find(findings, 'cloud secret', /read by others/)?.state, 'warn');
  assert.equal(find(findings, 'cloud', /ECONNREFUSED/)?.state, 'warn');
  assert.equal(find(findings, 'data folder', /made at the first start.* can be written/)?.state, 'ok');
  assert.equal(find(findings, 'file', /plugins\.policy: .*ENOENT/)?.state, 'fail');
  assert.deepEqual((await readdir(home)).toSorted(), ['secret', 'site.yaml'], 'nothing is made');
  for (const { state, mend } of findings) assert.ok(state === 'ok' || (mend ?? '').length > 10);
  assert.doesNotMatch(JSON.stringify(findings), /canary-secret/);
});

test('a database, a policy and authorities that are none are told, and everything stays as it was', async (t) => {
  const home = await folder(t);
  const noise = randomBytes(50_000);
  await mkdir(join(home, 'data'));
  await writeFile(join(home, 'data/portcullis.db'), noise);
  await writeFile(join(home, 'secret'), 'canary-secret', { mode: 0o600 });
  const config = join(home, 'site.yaml');
  const tuya = '{ endpoint: "https://127.0.0.1:1", clientId: a, secretFile: secret, ca: secret }';
  await writeFile(
    config,
    `dataDir: data\nplugins: { policy: secret }\nmqtt: { port: 0, tls: { port: 0, clientCaFile: secret } }\nhttp: { port: 0 }\ncloud: { tuya: ${tuya} }`,
  );
  const findings = await examine(config, Date.now());
  assert.equal(find(findings, 'database', /portcullis\.db cannot be read/)?.state, 'fail');
  assert.equal(find(findings, 'file', /plugins\.policy: .*secret:1: /)?.state, 'fail');
  assert.equal(find(findings, 'file', /mqtt\.tls\.clientCaFile: .* holds no certificate/)?.state, 'fail');
  assert.equal(find(findings, 'cloud', /cloud\.tuya\.ca: .* holds no certificate/)?.state, 'fail');
  assert.deepEqual(await readdir(join(home, 'data')), ['portcullis.db']);
  assert.deepEqual(await readFile(join(home, 'data/portcullis.db')), noise);
  assert.doesNotMatch(JSON.stringify(findings), /canary-secret/);
});

test('a release says until when it is supported, that this is over, or that it is none', () => {
  const release = { version: '1.2.3', supportedUntil: '2027-05-23' };
  const last = checkRelease(release, Date.UTC(2027, 4, 23, 23, 59));
  assert.deepEqual([last.state, last.says], ['ok', '1.2.3 is supported until 2027-05-23']);
  assert.equal(checkRelease(release, Date.UTC(2027, 4, 24)).state, 'warn');
  assert.match(checkRelease({ version: '1.2.3' }, 0).says, /built for development/);
});

test('a gateway that runs says the same of its files, and leaves its own database alone', async (t) => {
  const home = await folder(t);
  await writeFile(join(home, 'portcullis.db'), randomBytes(50_000));
  await writeFile(join(home, 'none'), 'x');
  const tls = { certFile: join(home, 'none'), keyFile: join(home, 'none') };
  const written = { dataDir: home, http: { tls }, plugins: { policy: join(home, 'none') } };
  const findings = await examineRunning(parseConfig(JSON.stringify(written), 'site.yaml'), Date.now());
  assert.equal(find(findings, 'certificate', /http\.tls\.certFile: .* holds no certificate/)?.state, 'fail');
  assert.equal(find(findings, 'file', /plugins\.policy: /)?.state, 'fail');
  assert.equal(find(findings, 'database', /./), undefined);
});

test('every native module is loaded for real', async () => {
  const findings = await examine(undefined, Date.now());
  const modules = findings.filter(({ check }) => check === 'native module');
  assert.equal(modules.length, 3);
  assert.ok(
    modules.every(({ state }) => state === 'ok'),
    JSON.stringify(modules),
  );
});

test('an old Node, a small board and a clock before this version was made are told', async () => {
  assert.equal(checkNode('20.19.0').state, 'fail');
  assert.equal(checkNode('24.12.0').state, 'ok');
  assert.equal(checkMemory(256 * 1024 * 1024).state, 'warn');
  assert.equal((await checkClock(0)).state, 'fail');
});

test('a configuration that is broken is one finding with the key in it', async (t) => {
  const config = join(await folder(t), 'site.yaml');
  await writeFile(config, 'dataDir: x\nmqqt: {}');
  const findings = await examine(config, Date.now());
  assert.match(findings.find(({ check }) => check === 'configuration')?.says ?? '', /mqqt: unknown key/);
});
