import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { AccessDesk, Actor, Asking } from '../../contracts/actor.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import { problem, sendProblem } from './problem.ts';
import type { Context, Route } from './route.ts';

/** Serves one route: who calls is known, and may do such a thing somewhere, before a byte of the body is read. */
export async function serveRoute(server: FastifyInstance, route: Route, access: AccessDesk): Promise<void> {
  const { upload } = route;
  if (upload === undefined) {
    addRoute(server, route, access);
    return;
  }
  // In a scope of its own: nowhere else is a body of this type taken.
  await server.register(async (scope) => {
    const limit = { bodyLimit: upload.maxBytes };
    scope.addContentTypeParser(upload.contentType, limit, (_request, payload, done) => done(null, payload));
    addRoute(scope, route, access);
  });
}

function addRoute(server: FastifyInstance, route: Route, access: AccessDesk): void {
  const callers = new WeakMap<FastifyRequest, Actor>();
  server.route({
    method: route.method,
    url: route.path,
    async onRequest(request) {
      const actor = await access.identify(askingOf(request));
      if (route.needs !== 'nothing') access.demand(actor, route.needs, 'some');
      callers.set(request, actor);
    },
    async handler(request, reply) {
      const actor = callers.get(request);
      if (actor === undefined) throw new PortcullisError('INTERNAL', 'A request came past its check.');
      if (route.upload !== undefined && !(request.body instanceof Readable)) {
        const detail = `This call takes a file as ${route.upload.contentType}.`;
        return sendProblem(reply, problem(415, 'Unsupported media type', 'INPUT_INVALID', detail));
      }
      const input = inputOf(route, request);
      const { needs, target = (): 'everything' => 'everything' } = route;
      if (needs !== 'nothing' && target !== 'some') access.demand(actor, needs, target(input));
      const context: Context = {
        actor,
        may: (permission, about) => access.may(actor, permission, about),
        body: request.body instanceof Readable ? request.body : Readable.from([]),
      };
      return answer(reply, route, await route.handle(input, context));
    },
  });
}

export function askingOf({ headers, socket }: FastifyRequest): Asking {
  return { headers, address: socket.remoteAddress ?? '' };
}

function inputOf(route: Route, request: FastifyRequest): z.infer<Route['input']> {
  const isInQuery = route.method === 'GET' || route.method === 'DELETE' || route.upload !== undefined;
  const given = isInQuery ? request.query : request.body;
  const match = 'version' in route.input.shape ? request.headers['if-match'] : undefined;
  const version = match === undefined ? undefined : { version: match.replaceAll('"', '') };
  const key = 'idempotencyKey' in route.input.shape ? request.headers['idempotency-key'] : undefined;
  const headers = { ...version, ...(key !== undefined && { idempotencyKey: key }) };
  const input = route.input.safeParse({ ...(given as object), ...headers, ...(request.params as object) });
  if (input.success) return input.data;
  const [issue] = input.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? 'input' : issue.path.join('.');
  throw new PortcullisError('INPUT_INVALID', `${where}: ${issue?.message ?? 'invalid'}`);
}

function answer(reply: FastifyReply, { produces, status }: Route, result: unknown): FastifyReply {
  if (produces !== undefined) void reply.type(produces);
  const version: unknown = (result as { version?: unknown } | null)?.version;
  if (typeof version === 'number') void reply.header('etag', `"${version}"`);
  if (status !== undefined) void reply.code(status);
  return reply.send(result);
}
