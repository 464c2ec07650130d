import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { callForText } from '../../../gateway/cli/call-gateway.ts';
import { tempDir } from '../buffer/buffer-fixture.ts';

interface Listening {
  /** As the configuration has it, and the loopback address that is listened on. */
  readonly host: string;
  readonly on: string;
  readonly answer: RequestListener;
}

/** One call as the command line makes it, to what answers like that. */
async function callOnce(t: TestContext, { host, on, answer }: Listening): Promise<string> {
  const server = createServer(answer).listen(0, on);
  await once(server, 'listening');
  t.after(() => server.close());
  const dir = await tempDir(t);
  const config = join(dir, 'portcullis.yaml');
  const { port } = server.address() as AddressInfo;
  await writeFile(join(dir, 'admin-token'), 'secret\n');
  await writeFile(config, JSON.stringify({ dataDir: dir, http: { host, port } }));
  return callForText({ config }, 'GET', '/api/v1/devices');
}

for (const [host, on] of [
  ['::1', '::1'],
  ['::', '127.0.0.1'],
  ['0.0.0.0', '127.0.0.1'],
  ['localhost', '127.0.0.1'],
] as const) {
  test(`a gateway with the host ${host} is called`, async (t) => {
    assert.equal(await callOnce(t, { host, on, answer: (_, reply) => reply.end('here') }), 'here');
  });
}

test('a refusal has the code that the gateway gave it; what is none of a gateway says so', async (t) => {
  const call = (status: number, body: string): Promise<string> =>
    callOnce(t, {
      host: '127.0.0.1',
      on: '127.0.0.1',
      answer: (_, reply) => reply.writeHead(status).end(body),
    });
  const refused = (status: number, code: string, detail: string) =>
    call(status, JSON.stringify({ type: 'about:blank', title: 'Refused', status, code, detail }));

  await assert.rejects(refused(401, 'LOGIN_NEEDED', 'Log in.'), { code: 'LOGIN_NEEDED', message: 'Log in.' });
  await assert.rejects(refused(422, 'PLUGIN_REFUSED', 'No.'), { code: 'PLUGIN_REFUSED', message: 'No.' });
  await assert.rejects(refused(500, 'INTERNAL', ''), { code: 'INTERNAL', message: 'A fault of the gateway itself.' });
  for (const body of ['<h1>Bad gateway</h1>', 'null', '{"code":"toString"}']) {
    await assert.rejects(call(502, body), { code: 'GATEWAY_UNREACHABLE', message: /answers 502 on 127/ });
  }
});
