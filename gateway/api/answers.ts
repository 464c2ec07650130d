import { Readable } from 'node:stream';
import type { AccessDesk, Caller } from '../../contracts/actor.ts';
import type { Route } from './route.ts';
import { targetOf, whoAsks } from './serve-route.ts';

export interface AnswerParts {
  readonly routes: readonly Route[];
  readonly access: AccessDesk;
}

/** By path, with the query that was asked for. */
export type Answers = ReadonlyMap<string, unknown>;

/**
 * What GET calls answer to one caller, without a request of its own for each; undefined where the caller may not make one
 * of them, which is then nobody's attempt and in no log.
 */
export async function answersTo(
  caller: Caller,
  paths: readonly string[],
  parts: AnswerParts,
): Promise<Answers | undefined> {
  const asked = await Promise.all(paths.map((path) => answerTo(caller, path, parts)));
  const known = asked.filter((one) => one !== undefined);
  return known.length === paths.length ? new Map(known) : undefined;
}

async function answerTo(caller: Caller, path: string, { routes, access }: AnswerParts) {
  const { pathname, searchParams } = new URL(path, 'http://gateway');
  const route = routes.find((one) => one.method === 'GET' && one.path === pathname);
  if (route === undefined) return undefined;
  const input = route.input.parse(Object.fromEntries(searchParams));
  const target = targetOf(route, input, caller);
  if (route.needs !== 'nothing' && !access.may(caller.actor, route.needs, target)) return undefined;
  const about = whoAsks(route, caller, target, access);
  const result = await route.handle(input, { ...about, body: Readable.from([]), header: () => undefined });
  return [path, result] as const;
}
