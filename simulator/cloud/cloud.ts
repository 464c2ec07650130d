import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { PortcullisError } from '../../contracts/errors.ts';
import { atomicWrite } from '../../gateway/lib/atomic-write.ts';
import { systemClock } from '../../gateway/lib/clock.ts';
import type { Clock } from '../../gateway/lib/clock.ts';
import { keepIdentity, readIfThere } from './certificate.ts';
import { CommandQueue } from './commands.ts';
import { connectionHandler } from './connection.ts';
import { DeviceBook } from './devices.ts';
import { FaultBox } from './faults.ts';
import { gatekeeper } from './gatekeeper.ts';
import { GatewayBook } from './gateways.ts';
import { MessageQueue } from './messages.ts';
import { ReceivedLog } from './received.ts';
import type { ReceivedTotals } from './received.ts';
import type { Quotas } from './quota.ts';
import type { CloudState, RepeatPolicy } from './state.ts';
import { tokenKeeper } from './tokens.ts';

export interface CloudOptions {
  /** Keeps certificate and secret, so that a restart keeps them; nothing else is on disk. */
  readonly dataDir: string;
  /** 0 takes a free port. */
  readonly port?: number;
  readonly host?: string;
  readonly clientId?: string;
  /** Without it the secret in `dataDir` is used, and made at the first start. */
  readonly secret?: string;
  readonly tokenLifeMs?: number;
  readonly newToken?: () => string;
  readonly repeats?: RepeatPolicy;
  readonly quotas?: Quotas;
  readonly maxRows?: number;
  readonly maxDevices?: number;
  readonly clock?: Clock;
}

/** A running cloud. Closing it ends every connection, also those that wait for a command or a fault; it never throws. */
export interface Cloud extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** `https://127.0.0.1:8443`, without a slash at the end. */
  readonly url: string;
  /** The CA's certificate as PEM text, and where it is kept. */
  readonly ca: string;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly clientId: string;
  readonly secret: string;
  readonly secretFile: string;
  totals(): ReceivedTotals & { readonly devices: number };
}

async function keepSecret(path: string, given: string | undefined): Promise<string> {
  if (given !== undefined) {
    await atomicWrite(path, given);
    return given;
  }
  const kept = await readIfThere(path);
  if (kept !== undefined) return kept.trim();
  const secret = randomBytes(16).toString('hex');
  await atomicWrite(path, secret);
  return secret;
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const sentence = `The local cloud cannot listen on ${host} port ${port}: ${
        error.code === 'EADDRINUSE'
          ? 'another program uses it. Stop that program or choose another port'
          : error.message
      }.`;
      reject(new PortcullisError(error.code === 'EADDRINUSE' ? 'PORT_TAKEN' : 'INTERNAL', sentence, { cause: error }));
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

/** What is kept on disk; a folder that cannot be used is one clear error. */
async function keepFiles(options: CloudOptions, secretFile: string) {
  try {
    await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
    return { identity: await keepIdentity(options.dataDir), secret: await keepSecret(secretFile, options.secret) };
  } catch (cause) {
    const why = (cause as Error).message;
    throw new PortcullisError('FILE_UNREADABLE', `The local cloud cannot use the folder ${options.dataDir}: ${why}`, {
      cause,
    });
  }
}

/** Starts a Tuya-style cloud over HTTPS. Rejects with PORT_TAKEN or FILE_UNREADABLE. */
export async function openCloud(options: CloudOptions): Promise<Cloud> {
  const { host = '127.0.0.1', clientId = 'portcullis-local', clock = systemClock } = options;
  const secretFile = join(options.dataDir, 'client-secret');
  const { identity, secret } = await keepFiles(options, secretFile);
  const state: CloudState = {
    clock,
    tokens: tokenKeeper(options.tokenLifeMs ?? 7_200_000, options.newToken),
    devices: new DeviceBook(clientId, options.maxDevices ?? 10_000),
    received: new ReceivedLog(options.maxRows ?? 2_000_000),
    gateways: new GatewayBook(),
    commands: new CommandQueue(),
    messages: new MessageQueue(secret),
    products: new Map(),
    faults: new FaultBox(),
    repeats: options.repeats ?? 'accept',
  };
  const closing = new AbortController();
  const handle = connectionHandler(
    state,
    gatekeeper(state, { clientId, secret }, options.quotas ?? {}),
    closing.signal,
  );
  const server = createServer({ key: identity.key, cert: identity.cert, maxHeaderSize: 32_768 }, handle);
  server.keepAliveTimeout = 60_000;
  // A connection whose handshake was under way at the end is not among those that `closeAllConnections` knows.
  server.on('secureConnection', (socket) => {
    if (closing.signal.aborted) socket.destroy();
  });
  const port = await listen(server, options.port ?? 0, host);
  const urlHost = host.includes(':') ? `[${host}]` : host;

  let closed: Promise<void> | undefined;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      closing.abort();
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    ...identity,
    host,
    port,
    url: `https://${urlHost}:${port}`,
    clientId,
    secret,
    secretFile,
    totals: () => ({ ...state.received.totals(), devices: state.devices.size }),
    [Symbol.asyncDispose]: () => (closed ??= close()),
  };
}
