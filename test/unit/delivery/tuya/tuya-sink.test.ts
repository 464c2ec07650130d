import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { pino } from 'pino';
import { tuyaTables } from '../../../../gateway/delivery/tuya/tables.ts';
import { openTuyaSink } from '../../../../gateway/delivery/tuya/tuya-sink.ts';
import { systemClock } from '../../../../gateway/lib/clock.ts';
import { listen } from '../../../../gateway/observability/channels.ts';
import { openTables } from './sqlite-table-store.ts';
import type { CertificateTuning } from '../../../harness/certificate.ts';
import { listenTls } from './tls-server.ts';

const lasting = new AbortController().signal;
const dayMs = 86_400_000;

async function open(t: TestContext, tls: CertificateTuning) {
  const { url: endpoint, ca } = await listenTls(t, () => {}, tls);
  const store = openTables(tuyaTables);
  t.after(() => store[Symbol.dispose]());
  const options = { endpoint, ca, clientId: 'id', secret: 's', productId: 'p', batch: false, callsPerSecond: 10 };
  return openTuyaSink(options, { store, clock: systemClock, log: pino({ level: 'silent' }) });
}

test('a certificate that our clock cannot believe yet is "waiting for time", with an alarm, and is tried again', async (t) => {
  const alarms: string[] = [];
  using _ear = listen('alarm', ({ code }) => alarms.push(code));
  const future = { notBefore: new Date(Date.now() + dayMs), notAfter: new Date(Date.now() + 2 * dayMs) };
  await using sink = await open(t, future);
  await assert.rejects(sink.connect(lasting), { code: 'SINK_UNAVAILABLE', message: /waiting for time/ });
  assert.deepEqual(alarms, ['CLOUD_WAITING_FOR_TIME']);
});
