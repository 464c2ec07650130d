import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { parseConfig } from '../../../gateway/config/parse-config.ts';
import type { Config } from '../../../gateway/config/schema.ts';
import { checkDocuments } from '../../../gateway/doctor/check-documents.ts';
import { checkFiles } from '../../../gateway/doctor/check-files.ts';
import type { Finding } from '../../../gateway/doctor/finding.ts';
import { ownCertificate } from '../../../gateway/lib/own-certificate.ts';
import { tempDir } from '../buffer/buffer-fixture.ts';

const shipped = join(import.meta.dirname, '../../..');

async function site(t: TestContext, files: Readonly<Record<string, string>>) {
  const folder = await tempDir(t);
  await ownCertificate(join(folder, 'tls'), 'far', Date.now());
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const configured = (keys: object): Config => parseConfig(JSON.stringify({ dataDir: folder, ...keys }), 'site.yaml');
  const told = (findings: readonly Finding[]): string[] => {
    for (const { state, mend } of findings) assert.ok(state === 'ok' || (mend ?? '').length > 10);
    return findings.map(({ state, says }) => `${state} ${says.replaceAll(`${folder}/`, '')}`);
  };
  const at = (name: string): string => join(folder, name);
  return { folder, at, configured, told };
}

/** Every key whose file only `checkFiles` reads. */
const naming = (ca: string, secret: string, dir: string, code: string): object => ({
  claim: { codeFile: code },
  mqtt: { tls: { clientCaFile: ca } },
  kafka: { brokers: ['k:9092'], tls: { ca }, sasl: { mechanism: 'PLAIN', username: 'u', passwordFile: secret } },
  influx: { url: 'https://i.example', ca, organization: 'o', bucket: 'b', tokenFile: secret },
  traces: { endpoint: 'https://t.example', ca, headerFiles: { authorization: secret } },
  plugins: { dir, secrets: { meter: { TOKEN: secret } } },
});

test('files that hold what their keys ask for can be used, and no secret is told', async (t) => {
  const { at, folder, configured, told } = await site(t, { secret: 'canary' });
  const config = configured(naming(at('tls/cert.pem'), at('secret'), folder, at('secret')));
  const found = told(await checkFiles(config));
  assert.equal(found.length, 10);
  assert.deepEqual(
    found.filter((line) => !/^ok .* can be used$/.test(line)),
    [],
  );
  assert.doesNotMatch(found.join(), /canary/);
});

test('files that are empty, away or of another kind are told with their keys', async (t) => {
  const { at, configured, told } = await site(t, { secret: 'two\nlines', empty: '\n' });
  assert.deepEqual(told(await checkFiles(configured(naming(at('secret'), at('secret'), at('gone'), at('empty'))))), [
    'fail claim.codeFile: empty is empty.',
    'fail mqtt.tls.clientCaFile: secret holds no certificate in PEM.',
    'fail kafka.tls.ca: secret holds no certificate in PEM.',
    'ok kafka.sasl.passwordFile: secret can be used',
    'fail influx.ca: secret holds no certificate in PEM.',
    'ok influx.tokenFile: secret can be used',
    'fail traces.ca: secret holds no certificate in PEM.',
    'fail traces.headerFiles.authorization: secret is not one line of plain text.',
    'fail plugins.dir: gone cannot be read (ENOENT).',
    'ok plugins.secrets.meter.TOKEN: secret can be used',
  ]);
});

test('a code that was used up may be gone', async (t) => {
  const { at, configured, told } = await site(t, { claimed: '' });
  const config = configured({ claim: { codeFile: at('gone') } });
  assert.deepEqual(told(await checkFiles(config)), ['ok claim.codeFile: gone can be used']);
});

test('a policy, contracts and rules are read as the gateway reads them', async (t) => {
  const { at, configured, told } = await site(t, {
    'policy.yaml': 'apiVersion: plugin-contract/v1\nkind: HostPolicy\n',
    broken: 'a: [',
  });
  await mkdir(at('contracts'));
  await mkdir(at('rules'));
  assert.deepEqual(told(await checkDocuments(configured({}))), []);

  await copyFile(join(shipped, 'contracts/plugins/tuya.contract.yaml'), at('contracts/meter.contract.yaml'));
  const [rule = ''] = await readdir(join(shipped, 'gateway/rules/shipped'));
  await copyFile(join(shipped, 'gateway/rules/shipped', rule), at(join('rules', rule)));
  assert.deepEqual(told(await checkDocuments(configured({ plugins: { policy: at('policy.yaml') } }))), [
    'ok plugins.policy: policy.yaml can be used',
    'ok contract: contracts/meter.contract.yaml can be used',
    'ok rules has 1, each can be read',
  ]);

  await copyFile(at('broken'), at('contracts/meter.contract.yaml'));
  await copyFile(at('broken'), at('rules/heat.yaml'));
  const wrong = told(await checkDocuments(configured({ plugins: { policy: at('broken') } })));
  assert.match(wrong[0] ?? '', /^fail plugins\.policy: broken:\d+: /);
  assert.match(wrong[1] ?? '', /^fail contract: contracts\/meter\.contract\.yaml:\d+: /);
  assert.match(wrong[2] ?? '', /^fail heat\.yaml/);
  assert.equal(wrong.length, 3);
});
