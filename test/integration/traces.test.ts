import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test, type TestContext } from 'node:test';
import { connectAsync } from 'mqtt';
import { startCloud } from '../harness/cloud.ts';
import { startCollector, type CollectedSpan } from '../harness/collector.ts';
import { startDaemon } from '../harness/daemon.ts';
import { waitUntil } from '../harness/wait-until.ts';
import { tempDir } from '../unit/buffer/buffer-fixture.ts';

const secret = 'Bearer CANARY-collector-55d0';

/** A gateway that gets one message and brings it to the cloud; what it printed and which modules it loaded. */
async function oneMessage(t: TestContext, config: Readonly<Record<string, unknown>>) {
  const folder = await tempDir(t);
  const modules = join(folder, 'modules');
  const cloud = await startCloud(t);
  const preload = pathToFileURL(join(import.meta.dirname, '../harness/list-modules.mjs')).href;
  const daemon = await startDaemon(t, {
    config: { cloud: cloud.config, log: { level: 'debug', format: 'json' }, ...config },
    env: { NODE_OPTIONS: `--import ${preload}`, LIST_MODULES: modules },
  });
  const device = await connectAsync({ host: '127.0.0.1', port: daemon.mqttPort, clientId: 'thermometer' });
  await device.publishAsync('attic/thermometer', '{"temperature":21.5}', { qos: 1 });
  await device.endAsync();
  await waitUntil('the cloud to have the message', async () =>
    (await cloud.received()).some(({ summary }) => summary.includes('21.5') || summary.includes('215')),
  );
  assert.equal(await daemon.stop(), 0);
  return { loaded: await readFile(modules, 'utf8'), printed: daemon.printed() };
}

const textOf = ({ attributes }: CollectedSpan, name: string): unknown =>
  Object.values(attributes.find(({ key }) => key === name)?.value ?? {})[0];

test('a message is one trace from its arrival to the answer of the cloud, and the log names it', async (t) => {
  const collector = await startCollector(t);
  const secretFile = join(await tempDir(t), 'authorization');
  await writeFile(secretFile, secret);
  const traces = { endpoint: collector.url, ratio: 1, headerFiles: { Authorization: secretFile } };
  const { printed, loaded } = await oneMessage(t, { traces });

  assert.deepEqual(collector.faults, []);
  assert.match(loaded, /\/open-traces\.[jt]s\n/);
  const [root, ...others] = collector.spans.filter(({ parentSpanId }) => parentSpanId === undefined);
  assert.ok(root && others.length === 0, JSON.stringify(collector.spans));
  assert.deepEqual(
    ['messaging.destination.name', 'messaging.client.id', 'portcullis.stored'].map((name) => textOf(root, name)),
    ['attic/thermometer', 'thermometer', '1'],
  );
  const below = collector.spans.filter((span) => span !== root);
  assert.deepEqual(below.map(({ name }) => name).sort(), ['commit', 'decode', 'deliver tuya']);
  for (const span of below) assert.deepEqual([span.traceId, span.parentSpanId], [root.traceId, root.spanId]);
  const times = (name: string): [bigint, bigint] => {
    const span = collector.spans.find((one) => one.name === name);
    return [BigInt(span?.startTimeUnixNano ?? 0), BigInt(span?.endTimeUnixNano ?? 0)];
  };
  const order = [times('receive')[0], ...times('decode'), ...times('commit'), ...times('deliver tuya')];
  assert.deepEqual(
    order,
    order.toSorted((a, b) => Number(a - b)),
  );
  assert.ok(times('receive')[1] >= times('commit')[1], 'the message is acknowledged after its commit');

  const lines = printed.split('\n').filter((line) => line.includes(`"trace_id":"${root.traceId}"`));
  assert.ok(
    lines.some((line) => line.includes('a traced message is on the disk')),
    printed,
  );
  assert.ok(collector.headers.every(({ authorization }) => authorization === secret));
  assert.ok(!printed.includes('CANARY'));
});

test('without traces in the configuration nothing of them is loaded', async (t) => {
  const { loaded, printed } = await oneMessage(t, {});
  assert.match(loaded, /\/tuya-sink\.[jt]s\n/);
  assert.deepEqual(
    loaded.split('\n').filter((url) => /\/gateway\/traces\/|\/open-traces\.|opentelemetry/.test(url)),
    [],
  );
  assert.ok(!printed.includes('trace_id'));
});
