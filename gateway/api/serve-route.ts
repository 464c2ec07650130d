import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { AccessDesk, Asking, Caller, Target } from '../../contracts/actor.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import { problem, problemOf, sendProblem } from './problem.ts';
import type { Answer, Replays } from './replays.ts';
import type { Context, Route } from './route.ts';

export interface ServeParts {
  readonly access: AccessDesk;
  readonly replays: Replays;
  /** Told what went wrong inside. */
  readonly onFault: (error: unknown) => void;
}

/** Serves one route: who calls is known, and may do such a thing somewhere, before a byte of the body is read. */
export async function serveRoute(server: FastifyInstance, route: Route, parts: ServeParts): Promise<void> {
  const { upload } = route;
  if (upload === undefined) {
    addRoute(server, route, parts);
    return;
  }
  // In a scope of its own: nowhere else is a body of this type taken, or JSON not read.
  await server.register(async (scope) => {
    const limit = { bodyLimit: upload.maxBytes };
    scope.removeContentTypeParser(upload.contentType);
    scope.addContentTypeParser(upload.contentType, limit, (_request, payload, done) => done(null, payload));
    addRoute(scope, route, parts);
  });
}

type Input = z.infer<Route['input']>;

function addRoute(server: FastifyInstance, route: Route, parts: ServeParts): void {
  const { access } = parts;
  const callers = new WeakMap<FastifyRequest, Caller>();
  server.route({
    method: route.method,
    url: route.path,
    async onRequest(request) {
      const caller = await access.identify(
        askingOf(request, `${route.method} ${route.path}`),
        route.needs === 'nothing',
      );
      if (route.needs !== 'nothing') access.demand(caller, route.needs, 'some');
      callers.set(request, caller);
    },
    async handler(request, reply) {
      const caller = callers.get(request);
      if (caller === undefined) throw new PortcullisError('INTERNAL', 'A request came past its check.');
      if (route.upload !== undefined && !(request.body instanceof Readable)) {
        const detail = `This call takes a file as ${route.upload.contentType}.`;
        return sendProblem(reply, problem(415, 'Unsupported media type', 'INPUT_INVALID', detail));
      }
      const input = inputOf(route, request);
      const target = targetOf(route, input, caller);
      if (route.needs !== 'nothing' && target !== 'some') access.demand(caller, route.needs, target);
      const headers: Record<string, string> = {};
      const context: Context = {
        ...whoAsks(route, caller, target, access),
        body: request.body instanceof Readable ? request.body : Readable.from([]),
        header: (name, value) => void (headers[name] = value),
      };
      if (route.method === 'GET') {
        const result = await route.handle(input, context);
        return result instanceof Readable
          ? reply.headers({ 'content-type': route.produces, ...headers }).send(result)
          : send(reply, answerOf(route, result, headers));
      }
      const act = (): Promise<Answer> => change(route, { input, context, target, headers }, parts);
      return send(reply, await once(route, request, caller, act, parts.replays));
    },
  });
}

/** What a route is told of its caller. */
export function whoAsks(
  { needs }: Route,
  caller: Caller,
  target: Target,
  access: AccessDesk,
): Pick<Context, 'caller' | 'actor' | 'may' | 'mayStill'> {
  let { actor } = caller;
  return {
    caller,
    actor,
    may: (permission, about) => access.may(actor, permission, about),
    mayStill: async () => {
      ({ actor } = await access.identify(caller.asking, false));
      return needs === 'nothing' || access.may(actor, needs, target);
    },
  };
}

/** A change is in the audit log before it is done, unless it is kept elsewhere; how it ended follows. */
async function change(
  route: Route,
  {
    input,
    context,
    target,
    headers,
  }: { input: Input; context: Context; target: Target; headers: Record<string, string> },
  { access, onFault }: ServeParts,
): Promise<Answer> {
  const isAudited = route.audit !== 'denials';
  const ended = isAudited ? await access.begin(context.caller, route.needs, target) : undefined;
  try {
    const answer = answerOf(route, await route.handle(input, context), headers);
    ended?.('done');
    return answer;
  } catch (error) {
    const refused = problemOf(error as Error);
    ended?.('failed', refused.code);
    if (refused.code === 'INTERNAL') onFault(error);
    return { status: refused.status, type: 'application/problem+json', headers: {}, body: JSON.stringify(refused) };
  }
}

function once(
  route: Route,
  request: FastifyRequest,
  { actor }: Caller,
  act: () => Promise<Answer>,
  replays: Replays,
): Promise<Answer> {
  const key = request.headers['idempotency-key'];
  if (key === undefined || route.needs === 'nothing' || 'idempotencyKey' in route.input.shape) return act();
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,128}$/.test(key)) {
    throw new PortcullisError('INPUT_INVALID', 'Idempotency-Key: 1 to 128 visible characters');
  }
  const { authorization = '', cookie = '' } = request.headers;
  const body = route.upload === undefined ? JSON.stringify(request.body ?? null) : request.headers['content-length'];
  const content = `${request.method} ${request.url}\n${request.headers['if-match'] ?? ''}\n${body ?? ''}`;
  return replays.once({ key, actor: actor.id, credential: authorization || cookie, content }, act);
}

/** `action` is the call, such as `POST /api/v1/places`. */
export function askingOf({ method, headers, socket, url }: FastifyRequest, action: string): Asking {
  return {
    method,
    action,
    path: url.split('?')[0] ?? url,
    headers,
    address: socket.remoteAddress ?? '',
    isTls: 'encrypted' in socket,
  };
}

/** What belongs to the caller is told apart from what belongs to the gateway. */
export function targetOf({ needs, target }: Route, input: Input, { actor }: Caller): Target {
  if (typeof target === 'function') return target(input);
  return target ?? (needs === 'self' ? { account: actor.id } : 'everything');
}

function inputOf(route: Route, request: FastifyRequest): Input {
  const isInQuery = route.method === 'GET' || route.method === 'DELETE' || route.upload !== undefined;
  const given = isInQuery ? request.query : request.body;
  const input = route.input.safeParse({
    ...(given as object),
    ...headersFor(route, request),
    ...(request.params as object),
  });
  if (input.success) return input.data;
  const [issue] = input.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? 'input' : issue.path.join('.');
  throw new PortcullisError('INPUT_INVALID', `${where}: ${issue?.message ?? 'invalid'}`);
}

/** Fields of the input that may come as a header of HTTP. */
function headersFor({ input: { shape } }: Route, { headers }: FastifyRequest): object {
  const match = 'version' in shape ? headers['if-match'] : undefined;
  const key = 'idempotencyKey' in shape ? headers['idempotency-key'] : undefined;
  return {
    ...(match !== undefined && { version: match.replaceAll('"', '') }),
    ...(key !== undefined && { idempotencyKey: key }),
  };
}

function answerOf({ produces, status }: Route, result: unknown, headers: Record<string, string>): Answer {
  const version: unknown = (result as { version?: unknown } | null)?.version;
  const etag = typeof version === 'number' ? { etag: `"${version}"` } : undefined;
  const body = typeof result === 'string' ? result : JSON.stringify(result);
  return { status: status ?? 200, type: produces ?? 'application/json', headers: { ...headers, ...etag }, body };
}

function send(reply: FastifyReply, { status, type, headers, body }: Answer): FastifyReply {
  return reply.code(status).headers(headers).type(type).send(body);
}
