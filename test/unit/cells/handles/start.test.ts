import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { waitUntil } from '../../../harness/wait-until.ts';
import { openPorts, openStarted } from './rig.ts';

/** Tells the gateway the code and text of what an ask rejects with. */
const report = `const say = (payload) => handles.ingest({ topic: 'said', payload: String(payload) });
const attempt = (wish) => wish.then((value) => say('done ' + JSON.stringify(value)), (error) => say(error.code + ' ' + error.message));`;

const texts = (ports: ReturnType<typeof openPorts>): string[] =>
  ports.ingested.map(({ payload }) => Buffer.from(payload).toString());

test('a plugin fetches from a granted host with its secret, and what it got goes through ingest under its name', async (t) => {
  const server = createServer((request, response) =>
    response.end(`${request.method} ${request.headers.authorization}`),
  );
  server.listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const cell = await openStarted(
    t,
    `const answer = await handles.http.request(variables.DEVICE, { headers: { authorization: 'Bearer ' + await handles.secret('TOKEN') } });
     await handles.ingest({ topic: 'device/1', payload: answer.body });`,
    {
      grants: { outbound: [{ host: '127.0.0.1', ports: { from: port, to: port }, proto: 'http' }] },
      secrets: { TOKEN: 'open sesame' },
      variables: { DEVICE: `http://127.0.0.1:${port}/status` },
    },
  );
  const ports = openPorts();
  assert.equal(ports.ingested.length, 0);
  cell.begin(ports);
  await waitUntil('the message', () => ports.ingested.length > 0);
  const [envelope] = ports.ingested;
  assert.deepEqual(texts(ports), ['GET Bearer open sesame']);
  assert.equal(envelope?.topic, 'plugin/probe/device/1');
  assert.deepEqual([envelope?.plugin, envelope?.client, envelope?.transport], ['probe', 'probe', 'plugin']);
});

test('every handle that the contract does not grant refuses', async (t) => {
  const cell = await openStarted(
    t,
    `${report}
     await attempt(handles.secret('OTHER'));
     await attempt(handles.mqtt.publish({ topic: 'a/b', payload: '1' }));
     await attempt(handles.mqtt.subscribe('#', () => undefined));
     await attempt(handles.http.request('http://example.org/'));
     await attempt(handles.serial.ports());
     await attempt(handles.gpio.line('gpiochip0/1', 'in'));`,
    { secrets: { TOKEN: 'x' } },
  );
  const ports = openPorts();
  cell.begin(ports);
  await waitUntil('six refusals', () => ports.ingested.length === 6);
  assert.deepEqual(
    texts(ports).map((text) => text.slice(0, 8)),
    ['PC-R207 ', 'PC-R207 ', 'PC-R207 ', 'PC-R207 ', 'PC-R210 ', 'PC-R210 '],
  );
});

test('handles are revoked by a halt: the signal is aborted and nothing more is done', async (t) => {
  const cell = await openStarted(
    t,
    `await handles.mqtt.publish({ topic: 'a', payload: 'before' });
     if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
     await handles.mqtt.publish({ topic: 'a', payload: 'after' });`,
    { grants: { publish: ['a'] } },
  );
  const ports = openPorts();
  cell.begin(ports);
  await waitUntil('the first message', () => ports.published.length > 0);
  await cell.halt();
  const { detail } = await cell.ended;
  assert.equal(detail, 'its start failed');
  assert.deepEqual(ports.published, [{ topic: 'a', text: 'before' }]);
});
