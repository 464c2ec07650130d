import type { Readable } from 'node:stream';
import type { z } from 'zod';
import type { Actor, Caller, Permission, Target } from '../../contracts/actor.ts';

/** Who calls, and what else a call has beside its input. */
export interface Context {
  readonly caller: Caller;
  readonly actor: Actor;
  /** Whether the caller may do this to that, for answers that are confined to what the caller may see. */
  readonly may: (permission: Permission, target: Target) => boolean;
  /** Whether the caller's login and right still hold, for answers that go on. From then on `may` goes by the caller's role and areas of that time. */
  readonly mayStill: () => Promise<boolean>;
  /** The uploaded file, where the route takes one. */
  readonly body: Readable;
  /** Sets a header of the answer. */
  readonly header: (name: string, value: string) => void;
}

/**
 * One call of the API, as data: the server and the OpenAPI document are both made from it. `input` is the query of a
 * GET or DELETE and the JSON body of everything else; path parameters (`:device`) are merged into it before it is parsed.
 * Where it has a `version`, the header `If-Match` may carry it, and an answer with one has it as `ETag`.
 */
export interface Route<Input extends z.ZodObject = z.ZodObject> {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly summary: string;
  /** 202: taken, and done later. 302: `handle` says where to in the header `location`. */
  readonly status?: 202 | 302;
  /** What the caller must be permitted; `nothing` is for who has no login yet. */
  readonly needs: Permission | 'nothing';
  /**
   * What it is done to; without it, to the gateway as a whole, which nobody may who is confined to areas. `some`: `handle` confines
   * what it does and answers to what the caller may.
   */
  readonly target?: 'some' | ((input: z.infer<Input>) => Target);
  /** A change is in the audit log; with `denials` only where it was refused, because what it did is kept elsewhere. */
  readonly audit?: 'denials';
  /** The body is a file of this type, streamed as `context.body`; `input` is then the query. */
  readonly upload?: { readonly contentType: string; readonly maxBytes: number };
  /** The answer is a text or, of a GET, a stream of this type instead of JSON. */
  readonly produces?:
    | 'text/csv'
    | 'text/event-stream'
    | 'text/html'
    | 'application/jsonl'
    | 'application/gzip'
    | 'application/octet-stream';
  readonly input: Input;
  readonly result: z.ZodType;
  handle(input: z.infer<Input>, context: Context): Promise<unknown>;
}

/** Gives a route its types: `input` flows from the schema into `handle`. */
export function route<Input extends z.ZodObject>(definition: Route<Input>): Route {
  return definition;
}
