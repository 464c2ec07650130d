import assert from 'node:assert/strict';
import { connect as connectPlain, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { test, type TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { pino } from 'pino';
import type { Actor } from '../../../contracts/actor.ts';
import { listenApi } from '../../../gateway/api/listen-api.ts';
import type { Mount } from '../../../gateway/api/serve-mount.ts';
import { systemClock } from '../../../gateway/lib/clock.ts';
import { makeCertificate } from '../../harness/certificate.ts';
import { waitUntil } from '../../harness/wait-until.ts';
import { asking, openAccessRig, type AccessRig } from '../access/access-fixture.ts';
import { VirtualTime } from '../delivery/virtual-time.ts';

const { key, cert } = await makeCertificate();

interface House extends AccessRig {
  readonly time: VirtualTime;
  /** Connections that the mount was given. */
  readonly taken: readonly Duplex[];
  /** Asks each of the two listeners to upgrade a connection. */
  readonly upgradeAtBoth: (path: string, headers?: Record<string, string>) => Far[];
}

/** The far end of a connection; it never closes by itself. */
interface Far {
  readonly socket: Socket;
  readonly said: () => string;
}

async function startHouse(
  t: TestContext,
  more: { readonly withMount?: boolean; readonly fromProvider?: (jwt: string) => Promise<Actor> } = {},
): Promise<House> {
  const rig = await openAccessRig(t, more);
  const time = new VirtualTime();
  const taken: Duplex[] = [];
  const mount: Mount = {
    path: '/flows',
    needs: { see: 'flow.read', edit: 'flow.edit' },
    handle: (_request, response) => void response.end(),
    upgrade(_request, socket) {
      taken.push(socket);
      socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
    },
  };
  const host = '127.0.0.1';
  const api = await listenApi(
    { host, port: 0, version: '1', tls: { host, port: 0, key, cert } },
    {
      ...rig,
      routes: [],
      mounts: more.withMount === false ? [] : [mount],
      assets: [],
      metrics: { contentType: 'text/plain', text: async () => '' },
      notReadyBecause: async () => [],
      clock: systemClock,
      scheduler: time,
      log: pino({ level: 'silent' }),
    },
  );
  t.after(() => api[Symbol.asyncDispose]());
  const upgradeAtBoth = (path: string, headers: Record<string, string> = {}): Far[] => {
    const halfOpen = { host, allowHalfOpen: true };
    const sockets = [
      connectPlain({ ...halfOpen, port: api.port }),
      connectTls({ ...halfOpen, port: api.tlsPort, ca: cert }),
    ];
    const lines = Object.entries({ host: 'gateway', connection: 'Upgrade', upgrade: 'websocket', ...headers });
    return sockets.map((socket) => {
      let text = '';
      socket.on('error', () => undefined).on('data', (chunk) => (text += chunk.toString()));
      socket.write(`GET ${path} HTTP/1.1\r\n${lines.map((line) => line.join(': ')).join('\r\n')}\r\n\r\n`);
      t.after(() => socket.destroy());
      return { socket, said: () => text };
    });
  };
  return { ...rig, time, taken, upgradeAtBoth };
}

/** Whoever has closed a connection answers what is still sent on it with a reset. */
const isGone = ({ socket }: Far) =>
  waitUntil('the gateway to let go of the connection', () => {
    if (!socket.destroyed) socket.write('.');
    return socket.destroyed;
  });

const asAdministrator = { authorization: 'Bearer token' };

for (const withMount of [false, true]) {
  const house = withMount ? 'beside the flows' : 'of a gateway without flows';
  test(`a connection that wants to be a WebSocket where there is none, ${house}, is answered and let go like any other`, async (t) => {
    const { upgradeAtBoth } = await startHouse(t, { withMount });
    for (const far of upgradeAtBoth('/nothing')) {
      await waitUntil('an answer', () => far.said().startsWith('HTTP/1.1 404 '));
      // Only of a connection that HTTP still looks after the end is noticed.
      far.socket.end();
      await waitUntil('the end', () => far.socket.destroyed);
    }
  });
}

test('whoever may not see the flows gets no WebSocket of theirs, and no connection that stays', async (t) => {
  const { upgradeAtBoth, taken } = await startHouse(t);
  const elsewhere = { ...asAdministrator, origin: 'http://elsewhere.example' };
  for (const headers of [{}, { authorization: 'Bearer wrong' }, elsewhere]) {
    for (const far of upgradeAtBoth('/flows/comms', headers)) {
      await waitUntil('a refusal', () => far.said().startsWith('HTTP/1.1 403 '));
      await isGone(far);
    }
  }
  assert.deepEqual(taken, []);
});

test('a WebSocket of the flows is theirs, and one whose login is not settled in time is closed', async (t) => {
  const { upgradeAtBoth, taken, time } = await startHouse(t, { fromProvider: () => new Promise(() => undefined) });
  for (const far of upgradeAtBoth('/flows/comms', asAdministrator))
    await waitUntil('the flows to answer', () => far.said().startsWith('HTTP/1.1 101 '));
  assert.equal(taken.length, 2);
  const undecided = upgradeAtBoth('/flows/comms', { authorization: 'Bearer of.the.provider' });
  await waitUntil('all to be asked about', () => time.pending === 4);
  await time.advance(10_000);
  for (const far of undecided) await isGone(far);
  assert.ok(
    taken.every(({ destroyed }) => !destroyed),
    'those that were let in stay',
  );
});

test('a WebSocket of the flows ends soon after the right to them, or when it became another', async (t) => {
  const { upgradeAtBoth, access, time } = await startHouse(t);
  const password = 'three odd words';
  const { account } = await access.accounts.addAccount({ name: 'Eve', role: 'engineer', password });
  const { token } = await access.login(asking(), 'Eve', password);
  const cookie = `portcullis=${token}; __Host-portcullis=${token}`;
  for (const change of [{ role: 'viewer' }, { disabled: true }] as const) {
    const pages = upgradeAtBoth('/flows/comms', { cookie, origin: 'http://gateway' });
    for (const far of pages) await waitUntil('the flows to answer', () => far.said().startsWith('HTTP/1.1 101 '));
    await time.advance(15_000);
    assert.ok(pages.every(({ socket }) => !socket.readableEnded && !socket.destroyed));
    await access.accounts.editAccount({ id: account.id, ...change });
    await time.advance(15_000);
    for (const far of pages) await isGone(far);
  }
  assert.equal(time.pending, 0);
});
