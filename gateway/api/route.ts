import type { Readable } from 'node:stream';
import type { z } from 'zod';

/**
 * One call of the API, as data: the server and the OpenAPI document are both made from it. `input` is the query of a
 * GET or DELETE and the JSON body of everything else; path parameters (`:device`) are merged into it before it is parsed.
 * Where it has a `version`, the header `If-Match` may carry it, and an answer with one has it as `ETag`.
 */
export interface Route<Input extends z.ZodObject = z.ZodObject> {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly summary: string;
  /** 202: taken, and done later. */
  readonly status?: 202;
  /** Needs the administrator's token. */
  readonly admin?: boolean;
  /** The body is a file of this type, streamed to `handle`; `input` is then the query. */
  readonly upload?: { readonly contentType: string; readonly maxBytes: number };
  /** The answer is a text of this type instead of JSON. */
  readonly produces?: 'text/csv';
  readonly input: Input;
  readonly result: z.ZodType;
  handle(input: z.infer<Input>, body?: Readable): Promise<unknown>;
}

/** Gives a route its types: `input` flows from the schema into `handle`. */
export function route<Input extends z.ZodObject>(definition: Route<Input>): Route {
  return definition;
}
