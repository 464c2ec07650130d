import type { z } from 'zod';

/** One read of the API, as data: the server and the OpenAPI document are both made from it. */
export interface Route<Query extends z.ZodObject = z.ZodObject> {
  readonly path: string;
  readonly summary: string;
  readonly query: Query;
  readonly result: z.ZodType;
  handle(query: z.infer<Query>): Promise<unknown>;
}

/** Gives a route its types: `query` flows from the schema into `handle`. */
export function route<Query extends z.ZodObject>(definition: Route<Query>): Route {
  return definition;
}
