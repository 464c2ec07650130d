import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { cannotRun } from '../harness/cannot-run.ts';
import { startDaemon, type Daemon } from '../harness/daemon.ts';
import { freePort } from '../harness/free-port.ts';
import { listeningPorts } from '../harness/listening-ports.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/security.md'), 'utf8');
const keys = [...page.matchAll(/^\| `((?:mqtt|http)\.[a-zA-Z.]*port)` \|/gm)].map(([, key = '']) => key);
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** The real daemon with a port for each of the keys. */
async function startWithAllPorts(t: TestContext): Promise<{ daemon: Daemon; ports: Map<string, number> }> {
  const ports = new Map<string, number>();
  for (const key of keys) ports.set(key, await freePort());
  const at = (key: string): { port: number | undefined } => ({ port: ports.get(key) });
  const config = {
    mqtt: { tls: at('mqtt.tls.port'), websocket: at('mqtt.websocket.port') },
    http: { tls: at('http.tls.port') },
  };
  const daemon = await startDaemon(t, { config });
  ports.set('mqtt.port', daemon.mqttPort).set('http.port', daemon.httpPort);
  return { daemon, ports };
}

/** Whether a handshake comes through; the client itself would go down to anything. */
function handshakes(port: number, ...wish: readonly string[]): boolean {
  const args = ['s_client', '-connect', `127.0.0.1:${port}`, ...wish];
  const { stdout } = spawnSync('openssl', args, { input: '', encoding: 'utf8', timeout: 30_000 });
  return /Cipher is (?!\(NONE\))/.test(stdout);
}

const lax = ['-tls1_2', '-cipher'];

test('open ports', async (t) => {
  const { daemon, ports } = await startWithAllPorts(t);

  await t.test('the gateway and its plugins listen on the documented ports and no other', () => {
    const documented = [...ports.values()].map((port) => ({ protocol: 'tcp', port }));
    const byPort = (one: { port: number }, other: { port: number }): number => one.port - other.port;
    assert.equal(documented.length, 5);
    assert.deepEqual(listeningPorts(daemon.pid()).sort(byPort), documented.sort(byPort));
  });

  await t.test('old versions and weak ciphers of TLS are refused on both ports', (t) => {
    if (cannotRun(t, hasOpenssl ? undefined : 'needs openssl')) return;
    for (const key of ['mqtt.tls.port', 'http.tls.port']) {
      const port = ports.get(key) ?? 0;
      assert.ok(handshakes(port, '-tls1_3'), `${key} takes TLS 1.3`);
      assert.ok(handshakes(port, ...lax, 'ECDHE+AESGCM'), `${key} takes TLS 1.2`);
      for (const version of ['-tls1', '-tls1_1']) {
        assert.ok(!handshakes(port, version, '-cipher', 'ALL:@SECLEVEL=0'), `${key} takes ${version}`);
      }
      for (const weak of ['kRSA', 'aNULL', 'eNULL', 'SHA1', 'ECDHE+AES:!AESGCM:!AESCCM', 'CAMELLIA']) {
        assert.ok(!handshakes(port, ...lax, `${weak}:@SECLEVEL=0`), `${key} takes ${weak}`);
      }
    }
  });
});
