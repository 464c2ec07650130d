import { timingSafeEqual } from 'node:crypto';
import { Readable } from 'node:stream';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { Logger } from 'pino';
import { PortcullisError, type ErrorCode } from '../../contracts/errors.ts';
import { openApiDocument } from './openapi.ts';
import type { Route } from './route.ts';

export interface ApiOptions {
  readonly host: string;
  readonly port: number;
  readonly version: string;
  /** Opens the routes that change something, as `Authorization: Bearer …`. */
  readonly adminToken: string;
}

/** A file of the console, ready to be sent. */
export interface Asset {
  readonly path: string;
  readonly contentType: string;
  readonly body: string;
}

export interface ApiDeps {
  readonly routes: readonly Route[];
  readonly assets: readonly Asset[];
  readonly metrics: { text(): Promise<string>; readonly contentType: string };
  /** What keeps the gateway from taking messages, in sentences; empty when it is ready. */
  notReadyBecause(): Promise<readonly string[]>;
  readonly log: Logger;
}

export interface Api extends AsyncDisposable {
  readonly port: number;
}

/** Connections at the same time, and so requests; more are closed. */
const maxConnections = 256;

/** A device id of 256 characters, each as long as percent signs make it. */
const routerOptions = { maxParamLength: 256 * 12 };

/** What an error means to who asked; the others are faults of the gateway, whose text stays in its log. */
const answers: Readonly<Partial<Record<ErrorCode, readonly [status: number, title: string]>>> = {
  CONFIG_INVALID: [422, 'Refused'],
  COMMAND_INVALID: [422, 'Refused'],
  PLUGIN_REFUSED: [422, 'Refused'],
  PLUGIN_TAMPERED: [422, 'Refused'],
  FILE_UNREADABLE: [422, 'Refused'],
  USAGE: [422, 'Refused'],
  REGISTRY_FULL: [422, 'Refused'],
  NOT_ALLOWED: [403, 'Refused'],
  NOT_FOUND: [404, 'Not found'],
  CONFLICT: [409, 'Conflict'],
  OVERLOADED: [503, 'Busy'],
  DISK_FULL: [507, 'No room'],
};

const securityHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

/**
 * Serves health, metrics, the read API and the console until disposed. Throws PORT_TAKEN when it cannot listen.
 * `/healthz` says that the event loop turns; `/readyz` that messages are taken and committed.
 */
export async function listenApi(options: ApiOptions, deps: ApiDeps): Promise<Api> {
  const server = fastify({ bodyLimit: 65_536, forceCloseConnections: true, requestTimeout: 10_000, routerOptions });
  server.server.maxConnections = maxConnections;
  server.addHook('onSend', async (_request, reply) => {
    reply.headers(securityHeaders);
  });
  server.setNotFoundHandler((request, reply) => problem(reply, 404, 'Not found', `There is no ${request.url}.`));
  server.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const known = error instanceof PortcullisError ? answers[error.code] : undefined;
    if (known !== undefined) return problem(reply, ...known, error.message);
    const status = error.statusCode ?? 500;
    if (status >= 500) deps.log.error({ err: error }, 'a request failed');
    return problem(reply, status, status >= 500 ? 'Internal error' : 'Bad request', status >= 500 ? '' : error.message);
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
  const document = openApiDocument(deps.routes, options.version);
  server.get('/openapi.json', async () => document);
  for (const route of deps.routes) {
    if (route.upload === undefined) addRoute(server, route, options.adminToken);
    else await addUpload(server, route, route.upload, options.adminToken);
  }
  for (const asset of deps.assets) {
    server.get(asset.path, async (_request, reply) => reply.type(asset.contentType).send(asset.body));
  }

  await listen(server, options);
  const address = server.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return { port, [Symbol.asyncDispose]: () => server.close() };
}

/** In a scope of its own: nowhere else is a body of this type taken, and this one is not read before the token was seen. */
async function addUpload(
  server: FastifyInstance,
  route: Route,
  { contentType, maxBytes }: NonNullable<Route['upload']>,
  adminToken: string,
): Promise<void> {
  await server.register(async (scope) => {
    scope.addContentTypeParser(contentType, { bodyLimit: maxBytes }, (_request, payload, done) => done(null, payload));
    addRoute(scope, route, adminToken);
  });
}

function addRoute(server: FastifyInstance, route: Route, adminToken: string): void {
  server.route({
    method: route.method,
    url: route.path,
    handler: async (request, reply) => {
      if (route.admin && !isBearer(request.headers.authorization, adminToken)) {
        return problem(reply, 401, 'Unauthorized', 'This call needs the administrator token of the data folder.');
      }
      const { upload } = route;
      if (upload !== undefined && !(request.body instanceof Readable)) {
        return problem(reply, 415, 'Unsupported media type', `This call takes a file as ${upload.contentType}.`);
      }
      const given =
        route.method === 'GET' || route.method === 'DELETE' || upload !== undefined ? request.query : request.body;
      const match = 'version' in route.input.shape ? request.headers['if-match'] : undefined;
      const version = match === undefined ? undefined : { version: match.replaceAll('"', '') };
      const key = 'idempotencyKey' in route.input.shape ? request.headers['idempotency-key'] : undefined;
      const headers = { ...version, ...(key !== undefined && { idempotencyKey: key }) };
      const input = route.input.safeParse({ ...(given as object), ...headers, ...(request.params as object) });
      if (input.success) {
        return answer(reply, route, await route.handle(input.data, upload && (request.body as Readable)));
      }
      const [issue] = input.error.issues;
      return problem(reply, 400, 'Bad request', `${issue?.path.join('.') ?? 'input'}: ${issue?.message ?? 'invalid'}`);
    },
  });
}

function answer(reply: FastifyReply, { produces, status }: Route, result: unknown): FastifyReply {
  if (produces !== undefined) void reply.type(produces);
  const version: unknown = (result as { version?: unknown } | null)?.version;
  if (typeof version === 'number') void reply.header('etag', `"${version}"`);
  if (status !== undefined) void reply.code(status);
  return reply.send(result);
}

function isBearer(header: string | undefined, token: string): boolean {
  const given = Buffer.from(header ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

/** RFC 9457 problem details. */
function problem(reply: FastifyReply, status: number, title: string, detail: string): FastifyReply {
  return reply.code(status).type('application/problem+json').send({ type: 'about:blank', title, status, detail });
}

async function listen(server: FastifyInstance, { host, port }: ApiOptions): Promise<void> {
  try {
    await server.listen({ host, port });
  } catch (cause) {
    await server.close();
    throw cannotListen(host, port, cause);
  }
}

function cannotListen(host: string, port: number, cause: unknown): Error {
  const { code, syscall } = cause as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') {
    return new PortcullisError('PORT_TAKEN', `Port ${port} on ${host} is taken. Set http.port to a free one.`, {
      cause,
    });
  }
  if (code === 'EACCES') {
    return new PortcullisError('PORT_TAKEN', `This user may not open port ${port}. Set http.port above 1023.`, {
      cause,
    });
  }
  if (syscall === undefined) return cause as Error;
  const sentence = `The API cannot listen on ${host}: that is no address of this machine (${code}). Correct http.host.`;
  return new PortcullisError('CONFIG_INVALID', sentence, { cause });
}
