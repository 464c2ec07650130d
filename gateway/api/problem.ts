import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { errorTable, PortcullisError, type ErrorCode } from '../../contracts/errors.ts';

/** What an error means to who asked; the others are faults of the gateway, whose text stays in its log. */
const answers: Readonly<Partial<Record<ErrorCode, readonly [status: number, title: string]>>> = {
  INPUT_INVALID: [400, 'Bad request'],
  LOGIN_NEEDED: [401, 'Unauthorized'],
  CONFIG_INVALID: [422, 'Refused'],
  COMMAND_INVALID: [422, 'Refused'],
  PLUGIN_REFUSED: [422, 'Refused'],
  PLUGIN_TAMPERED: [422, 'Refused'],
  FILE_UNREADABLE: [422, 'Refused'],
  PASSPORT_REFUSED: [422, 'Refused'],
  USAGE: [422, 'Refused'],
  REGISTRY_FULL: [422, 'Refused'],
  LIMIT_EXCEEDED: [422, 'Refused'],
  NOT_ALLOWED: [403, 'Refused'],
  TOO_MANY_TRIES: [429, 'Too many tries'],
  NOT_FOUND: [404, 'Not found'],
  CONFLICT: [409, 'Conflict'],
  OUTCOME_UNKNOWN: [409, 'Outcome unknown'],
  OVERLOADED: [503, 'Busy'],
  DISK_FULL: [507, 'No room'],
};

/** RFC 9457 problem details; `code` is of `docs/errors.md` and stays the same when a sentence is put better. */
export const problemSchema = z.object({
  type: z.literal('about:blank'),
  title: z.string(),
  status: z.int(),
  code: z.enum(Object.keys(errorTable) as ErrorCode[]),
  detail: z.string(),
});
export type Problem = z.infer<typeof problemSchema>;

/** The answer for an error. Of what fastify refuses itself (a body that is too large, no JSON) the status is its own. */
export function problemOf(error: Error & { readonly statusCode?: number }): Problem {
  if (error instanceof PortcullisError) {
    const known = answers[error.code];
    if (known !== undefined) return problem(known[0], known[1], error.code, error.message);
  }
  const status = error.statusCode ?? 500;
  return status >= 500
    ? problem(500, 'Internal error', 'INTERNAL', '')
    : problem(status, 'Bad request', 'INPUT_INVALID', error.message);
}

export function problem(status: number, title: string, code: ErrorCode, detail: string): Problem {
  return { type: 'about:blank', title, status, code, detail };
}

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer');
  return reply.code(problem.status).type('application/problem+json').send(problem);
}
