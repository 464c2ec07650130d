import fastify, { type FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { AccessDesk } from '../../contracts/actor.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import type { TableStore } from '../../contracts/table-set.ts';
import type { Clock } from '../lib/clock.ts';
import { systemScheduler, type Scheduler } from '../lib/scheduler.ts';
import { boundPerAddress } from './bound-per-address.ts';
import { openApiDocument } from './openapi.ts';
import { problem, problemOf, sendProblem } from './problem.ts';
import { readJsonBodies } from './json-body.ts';
import { listenTls, type TlsOptions, type HttpOptions } from './listen-tls.ts';
import type { Route } from './route.ts';
import { serveSecurityText } from './security-text.ts';
import { serveAsset, type Asset } from './serve-asset.ts';
import { serveDocument, type HomeDocument } from './serve-document.ts';
import { openReplays } from './replays.ts';
import { serveMount, type Mount } from './serve-mount.ts';
import { serveRoute } from './serve-route.ts';
import { takenBy } from './serve-upgrades.ts';

export interface ApiOptions {
  readonly host: string;
  readonly port: number;
  readonly version: string;
  /** Whom to tell of a weakness, as an address; with it there is a `security.txt`. */
  readonly securityContact?: string | undefined;
  /** The same over TLS, at an address of its own. */
  readonly tls?: TlsOptions;
}

export interface ApiDeps {
  readonly routes: readonly Route[];
  /** What something else serves below a path of its own. */
  readonly mounts?: readonly Mount[];
  readonly access: AccessDesk;
  /** Keeps the answers to calls with an `Idempotency-Key`. */
  readonly store: TableStore;
  /** The console; in some of its documents home is drawn as it is. */
  readonly assets: readonly (Asset | HomeDocument)[];
  readonly metrics: { text(): Promise<string>; readonly contentType: string };
  /** What keeps the gateway from taking messages, in sentences; empty when it is ready. */
  notReadyBecause(): Promise<readonly string[]>;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly scheduler?: Scheduler;
  readonly log: Logger;
}

export interface Api extends AsyncDisposable {
  readonly port: number;
  readonly tlsPort: number | undefined;
}

/** Connections at the same time, and so requests; more are closed. */
const maxConnections = 256;

/** Of one request with its body, in milliseconds: 32 MiB of a plugin over a slow line. */
const requestTimeout = 60_000;
/** Who says nothing takes a place from a person; Node looks every half a minute unless it is told to. */
const patience = { headersTimeout: 5_000, connectionsCheckingInterval: 1_000 };

/** A device id of 256 characters, each as long as percent signs make it. */
const routerOptions = { maxParamLength: 256 * 12 };

/** Routes bring their own schemas (zod): fastify's compilers of JSON Schema would be a tenth of what a start loads. */
const schemaController = { compilersFactory: { buildValidator: noCompiler, buildSerializer: noCompiler } };
function noCompiler(): never {
  throw new PortcullisError('INTERNAL', 'A route has a schema for fastify.');
}

const unreadable = 'The address is too long or wrongly escaped.';

/** The console shows Node-RED's editor in a frame: nothing else here lets itself be framed. */
const securityHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; manifest-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

/**
 * Serves health, metrics, the read API and the console until disposed. Throws PORT_TAKEN when it cannot listen.
 * `/healthz` says that the event loop turns; `/readyz` that messages are taken and committed.
 */
export async function listenApi(options: ApiOptions, deps: ApiDeps): Promise<Api> {
  const { mounts = [], scheduler = systemScheduler } = deps;
  const http: HttpOptions = { ...patience, shouldUpgradeCallback: takenBy(mounts) };
  const server = fastify({
    bodyLimit: 65_536,
    forceCloseConnections: true,
    requestTimeout,
    http,
    routerOptions,
    schemaController,
    // No hook of ours is asked where the address itself cannot be read.
    frameworkErrors: (_error, _request, reply) =>
      void sendProblem(reply.headers(securityHeaders), problem(400, 'Bad request', 'INPUT_INVALID', unreadable)),
  });
  server.server.maxConnections = maxConnections;
  readJsonBodies(server);
  boundPerAddress(server.server);
  server.addHook('onSend', async (_request, reply) => {
    reply.headers(securityHeaders);
  });
  server.setNotFoundHandler((request, reply) =>
    sendProblem(reply, problem(404, 'Not found', 'NOT_FOUND', `There is no ${request.url}.`)),
  );
  server.setErrorHandler((error: Error, _request, reply) => {
    const answer = problemOf(error);
    if (answer.status >= 500 && answer.code === 'INTERNAL') deps.log.error({ err: error }, 'a request failed');
    return sendProblem(reply, answer);
  });

  server.get('/healthz', async () => ({ status: 'ok' }));
  server.get('/readyz', async (_request, reply) => {
    const because = await deps.notReadyBecause();
    return reply
      .code(because.length === 0 ? 200 : 503)
      .send({ status: because.length === 0 ? 'ready' : 'not ready', because });
  });
  server.get('/metrics', async (_request, reply) =>
    reply.type(deps.metrics.contentType).send(await deps.metrics.text()),
  );
  // Made when it is asked for: a tenth of a start's work that few starts need.
  let document: object | undefined;
  server.get('/openapi.json', async () => (document ??= openApiDocument(deps.routes, options.version)));
  if (options.securityContact !== undefined) serveSecurityText(server, options.securityContact, deps.clock);
  const parts = {
    access: deps.access,
    replays: openReplays(deps.store),
    onFault: (err: unknown) => deps.log.error({ err }, 'a request failed'),
  };
  for (const route of deps.routes) await serveRoute(server, route, parts);
  for (const asset of deps.assets) {
    if ('picture' in asset) serveDocument(server, asset, { ...deps, ...parts });
    else serveAsset(server, asset);
  }
  using starting = new DisposableStack();
  for (const mount of mounts) starting.use(await serveMount(server, mount, { access: deps.access, scheduler }));

  await listening(server, options, 'http', () => server.listen({ host: options.host, port: options.port }));
  const address = server.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  const { tls } = options;
  const secure = tls && (await listening(server, tls, 'http.tls', () => listenTls(server, tls, http)));
  const webSockets = starting.move();
  return {
    port,
    tlsPort: secure?.port,
    async [Symbol.asyncDispose]() {
      webSockets.dispose();
      await secure?.[Symbol.asyncDispose]();
      await server.close();
    },
  };
}

async function listening<Result>(
  server: FastifyInstance,
  { host, port }: { readonly host: string; readonly port: number },
  key: 'http' | 'http.tls',
  listen: () => Promise<Result>,
): Promise<Result> {
  try {
    return await listen();
  } catch (cause) {
    await server.close();
    throw cannotListen(host, port, key, cause);
  }
}

function cannotListen(host: string, port: number, key: 'http' | 'http.tls', cause: unknown): Error {
  const { code, syscall } = cause as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') {
    return new PortcullisError('PORT_TAKEN', `Port ${port} on ${host} is taken. Set ${key}.port to a free one.`, {
      cause,
    });
  }
  if (code === 'EACCES') {
    return new PortcullisError('PORT_TAKEN', `This user may not open port ${port}. Set ${key}.port above 1023.`, {
      cause,
    });
  }
  if (syscall === undefined) return cause as Error;
  const sentence = `The API cannot listen on ${host}: that is no address of this machine (${code}). Correct ${key}.host.`;
  return new PortcullisError('CONFIG_INVALID', sentence, { cause });
}
