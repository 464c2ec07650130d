import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer as createTcp, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createServer as createTls } from 'node:tls';
import { parseConfig } from '../../../gateway/config/parse-config.ts';
import { checkNotify } from '../../../gateway/doctor/check-notify.ts';
import { ownCertificate } from '../../../gateway/lib/own-certificate.ts';
import { tempDir } from '../buffer/buffer-fixture.ts';

/** A server that counts the bytes that it is sent. */
async function listening(t: TestContext, tls?: { cert: string; key: string }) {
  const heard = { bytes: 0 };
  const onSocket = (socket: NodeJS.ReadableStream): void => {
    socket.on('data', (data: Buffer) => (heard.bytes += data.length)).on('error', () => undefined);
  };
  const server = tls ? createTls(tls, onSocket) : createTcp(onSocket);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return { port: (server.address() as AddressInfo).port, heard };
}

test('each channel is told with its files and whether it answers, and nothing is sent there', async (t) => {
  const folder = await tempDir(t);
  const certificate = await ownCertificate(join(folder, 'tls'), 'hooks', Date.now());
  const [smtp, hooks] = [await listening(t), await listening(t, certificate)];
  const file = async (name: string, text: string, mode = 0o600): Promise<string> => {
    await writeFile(join(folder, name), text, { mode });
    return join(folder, name);
  };
  const [password, secret] = [await file('password', 'canary'), await file('secret', 'canary', 0o644)];
  const url = `https://127.0.0.1:${hooks.port}/x`;
  const channels = {
    mail: { kind: 'email', host: '127.0.0.1', port: smtp.port, from: 'a@b.example', user: 'u', passwordFile: password },
    trusted: { kind: 'webhook', url, ca: join(folder, 'tls/cert.pem'), secretFile: secret },
    strange: { kind: 'ntfy', url },
    away: { kind: 'ntfy', url: 'https://127.0.0.1:1/topic' },
    lost: { kind: 'webhook', url, secretFile: join(folder, 'gone') },
    house: { kind: 'mqtt', topic: 'alarms' },
  };
  const config = parseConfig(JSON.stringify({ dataDir: folder, notify: { channels } }), 'site.yaml');
  const findings = await checkNotify(config);
  assert.deepEqual(
    findings.map(({ state, says }) => `${state} ${says.replaceAll(folder, '').replaceAll(/:\d+/g, ':N')}`),
    [
      'ok notify.channels.mail.passwordFile: /password is private',
      'ok notify.channels.mail: 127.0.0.1:N answers',
      'warn notify.channels.trusted.secretFile: /secret can be read by others',
      'ok notify.channels.trusted: 127.0.0.1:N answers, its certificate is trusted',
      'warn notify.channels.strange: 127.0.0.1:N DEPTH_ZERO_SELF_SIGNED_CERT',
      'warn notify.channels.away: 127.0.0.1:N ECONNREFUSED',
      'fail notify.channels.lost.secretFile: /gone cannot be read (ENOENT).',
      "ok notify.channels.house: goes over the gateway's own broker",
    ],
  );
  assert.ok(findings.every(({ state, mend }) => state === 'ok' || (mend ?? '').length > 10));
  assert.doesNotMatch(JSON.stringify(findings), /canary/);
  assert.deepEqual([smtp.heard.bytes, hooks.heard.bytes], [0, 0]);
});
