import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Envelope } from '../../../contracts/plugin.ts';
import { runPreflight } from '../../../gateway/cli/plugin-preflight.ts';
import { runInstall, runList, runRollback } from '../../../gateway/cli/plugin-versions.ts';
import { packSamples } from '../../../gateway/preflight/packed-samples.ts';
import type { PreflightReport } from '../../../gateway/preflight/preflight.ts';
import { trafficTables } from '../../../gateway/preflight/traffic-tables.ts';
import { ingestTables } from '../../../gateway/preprocess/ingest-tables.ts';
import { open } from '../buffer/buffer-fixture.ts';
import { packed, site, tasmotaCandidate } from './plugin-candidates.ts';
import type { Edit } from './plugin-candidates.ts';

const fahrenheit: Edit = [
  'words.ts',
  "['Humidity', { word: 'humidity', unit: '%' }]",
  "['Humidity', { word: 'humidity', unit: 'ppm' }]",
];
const leafAdded: Edit = [
  'decode.ts',
  "  const gathering = gather('tasmota');\n  readSensors(",
  "  const gathering = gather('tasmota');\n  gathering.other('Added', 1);\n  readSensors(",
];
const throws: Edit = [
  'decode.ts',
  '  const text = textOf(payload);',
  "  if (topic.includes('garage')) throw new Error('garage');\n  const text = textOf(payload);",
];
const hangs: Edit = [
  'decode.ts',
  '  const text = textOf(payload);',
  "  while (topic.includes('air')) ;\n  const text = textOf(payload);",
];

interface Said {
  readonly code: unknown;
  readonly out: string;
  readonly err: string;
}

async function said(t: TestContext, run: () => Promise<unknown>): Promise<Said> {
  const [out, err] = [t.mock.method(console, 'log', () => undefined), t.mock.method(console, 'error', () => undefined)];
  try {
    const code = await run();
    const text = ({ mock }: typeof out): string => mock.calls.map(({ arguments: [line] }) => String(line)).join('\n');
    return { code, out: text(out), err: text(err) };
  } finally {
    out.mock.restore();
    err.mock.restore();
  }
}

/** A folder for temporary files that this test has to itself, for other test files make trials in the shared one too. */
async function ownTemporaryFolder(t: TestContext): Promise<string> {
  const shared = tmpdir();
  const own = await mkdtemp(join(shared, 'portcullis-preflight-'));
  process.env['TMPDIR'] = own;
  t.after(async () => {
    process.env['TMPDIR'] = shared;
    await rm(own, { recursive: true });
  });
  return own;
}

test('the same code shows no difference and leaves nothing behind', async (t) => {
  const { dir, config } = await site(t);
  const candidate = await tasmotaCandidate(dir, '0.2.0');
  const temporary = await ownTemporaryFolder(t);
  const { code, out, err } = await said(t, () => runPreflight(candidate, { config }));
  assert.equal(code, 0, err);
  assert.match(out, /tasmota: 0\.1\.0 \(shipped\) → 0\.2\.0, 14 messages \(fixtures of the plugin\)\nNo difference/);
  assert.deepEqual(await readdir(temporary), []);
});

test('an added metric, a changed unit, a throw and a hang are shown, message by message', async (t) => {
  const { dir, config } = await site(t);
  const candidate = await tasmotaCandidate(dir, '0.2.0', [fahrenheit, leafAdded, throws, hangs]);
  const { code, out } = await said(t, () => runPreflight(candidate, { config, json: true }));
  assert.equal(code, 1);
  const { groups, errors, messages } = JSON.parse(out) as PreflightReport;
  const shown = groups.map(({ what, metric }) => `${what} ${metric}`.trim());
  assert.equal(messages, 14);
  assert.deepEqual(shown, [
    'metric-added x.tasmota.Added',
    'error-added',
    'unit-changed humidity @AM2301',
    'unit-changed humidity @DHT11',
  ]);
  assert.deepEqual(errors, { running: 0, candidate: 2 });
  const failed = groups
    .find(({ what }) => what === 'error-added')
    ?.examples.map(({ topic, after }) => `${topic}: ${after}`);
  assert.deepEqual(failed, [
    'tele/air/SENSOR: hung: no answer within 1000 ms',
    'tele/garage/SENSOR: decode-failed: garage',
  ]);
});

test('the traffic of the site comes before the fixtures, with what the plugin has learnt', async (t) => {
  const { dir, config, dataDir } = await site(t);
  const buffer = await open(t, dataDir, { tables: [trafficTables, ingestTables] });
  const samples = ['tele/hall/SENSOR', 'zigbee2mqtt/other'].map((topic, index): Envelope => ({
    transport: 'mqtt',
    client: 'c',
    topic,
    payload: new Uint8Array(Buffer.from('{"AM2301":{"Humidity":40}}')),
    retain: false,
    receivedAt: index,
  }));
  const learnt = JSON.stringify({ mac: '0A', online: 'Online', offline: 'Offline', off: 'OFF', on: 'ON' });
  await buffer.write([{ statement: 'ingest.know', params: ['tasmota', 't:tele/hall', learnt, null] }]);
  await buffer.write([{ statement: 'traffic.save', params: [await packSamples(samples)] }]);
  const candidate = await tasmotaCandidate(dir, '0.2.0', [fahrenheit]);
  const { code, out } = await said(t, () => runPreflight(candidate, { config }));
  assert.equal(code, 1);
  assert.match(out, /, 1 message \(the last day of this site\)/);
  assert.match(out, /unit changed humidity.*\n.*tele\/hall\/SENSOR tasmota:0A: 40 % → 40 ppm/);
});

test('a candidate that the admission refuses never runs', async (t) => {
  const { dir, config, plugins } = await site(t);
  const sentinel = join(dir, 'executed');
  const evil: Edit = [
    'index.ts',
    "import { z } from 'zod';",
    `import { z } from 'zod';\nimport { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(sentinel)}, 'x');`,
  ];
  const candidate = await tasmotaCandidate(dir, '0.2.0', [evil]);
  const { code, err } = await said(t, () => runPreflight(candidate, { config }));
  assert.equal(code, 2);
  assert.match(err, /refused and did not run\.\n.*PC-D101/);
  const bundle = await packed(candidate);
  assert.equal((await said(t, () => runInstall(bundle, { config, yes: true }))).code, 2);
  await assert.rejects(readFile(sentinel), { code: 'ENOENT' });
  assert.deepEqual(await readdir(plugins), []);
});

test('a plugin without contract, and a configuration that is wrong, are refused', async (t) => {
  const { dir, config } = await site(t);
  const stranger = await tasmotaCandidate(dir, '0.2.0', [['package.json', '@portcullis/tasmota', 'stranger']]);
  const refused = await said(t, () => runPreflight(stranger, { config }));
  assert.deepEqual([refused.code, /PC-C101.*no candidate-0\.2\.0\.contract\.yaml/.test(refused.err)], [2, true]);
  await writeFile(config, 'nonsense: 1\n');
  assert.equal((await said(t, () => runPreflight(stranger, { config }))).code, 2);
});

test('install shows the difference and waits for a yes; one command goes back', async (t) => {
  const { dir, config, plugins } = await site(t);
  const second = await packed(await tasmotaCandidate(dir, '0.2.0', [fahrenheit]));
  const asked = await said(t, () => runInstall(second, { config }));
  assert.equal(asked.code, 1);
  assert.match(asked.out, /unit changed humidity[^]*Nothing was switched on/);
  assert.deepEqual(await readdir(plugins), []);

  const done = await said(t, () => runInstall(second, { config, yes: true }));
  assert.match(done.out, /tasmota 0\.2\.0 is switched on\. The gateway takes it up at its next start\./);
  const third = await packed(await tasmotaCandidate(dir, '0.3.0'));
  const next = await said(t, () => runInstall(third, { config, yes: true }));
  assert.match(next.out, /^tasmota: 0\.2\.0 → 0\.3\.0[^]*unit changed humidity[^]*Back to 0\.2\.0: /);
  assert.match((await said(t, () => runList({ config }))).out, /^tasmota\t0\.3\.0\tbundle\tkept: 0\.2\.0$/m);

  assert.match((await said(t, () => runRollback('tasmota', { config }))).out, /back from 0\.3\.0 to 0\.2\.0/);
  assert.match((await said(t, () => runList({ config }))).out, /^tasmota\t0\.2\.0\tbundle\tkept: 0\.3\.0$/m);
  await assert.rejects(runRollback('../evil', { config }), { code: 'USAGE' });
});
