import { z } from 'zod';
import { problemSchema } from './problem.ts';
import type { Route } from './route.ts';

/** The OpenAPI 3.1 document of the given routes. */
export function openApiDocument(routes: readonly Route[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Portcullis', version, description: 'What the gateway has accepted, and what became of it.' },
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'A token of a program, or the administrator token.' },
        session: { type: 'apiKey', in: 'cookie', name: 'portcullis', description: 'The cookie of a login.' },
        csrf: { type: 'apiKey', in: 'header', name: 'X-CSRF-Token', description: 'With a cookie, for every change.' },
      },
      schemas: { Problem: jsonSchema(problemSchema, 'output') },
    },
  };
}

function operation(route: Route): object {
  const inPath = new Set([...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name));
  const fields = Object.entries(route.input.shape) as [string, z.ZodType][];
  const asQuery = route.method === 'GET' || route.method === 'DELETE' || route.upload !== undefined;
  const outside = fields.filter(([name]) => inPath.has(name) || asQuery);
  const inside = fields.filter(([name]) => !inPath.has(name) && !asQuery);
  return {
    summary: route.summary,
    ...(route.needs !== 'nothing' && { 'x-permission': route.needs }),
    security: securityOf(route),
    parameters: outside.map(([name, schema]) => ({
      name,
      in: inPath.has(name) ? 'path' : 'query',
      required: inPath.has(name) || !schema.safeParse(undefined).success,
      schema: jsonSchema(schema, 'input'),
    })),
    ...(route.upload && {
      requestBody: {
        required: true,
        content: {
          [route.upload.contentType]: {
            schema: { type: 'string', format: 'binary', maxLength: route.upload.maxBytes },
          },
        },
      },
    }),
    ...(inside.length > 0 && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: jsonSchema(z.object(Object.fromEntries(inside)), 'input') } },
      },
    }),
    responses: {
      [route.status ?? 200]: {
        description: route.status === 202 ? 'Accepted' : 'OK',
        content: { [route.produces ?? 'application/json']: { schema: jsonSchema(route.result, 'output') } },
      },
      ...problems(route),
    },
  };
}

function securityOf({ needs, method }: Route): object[] {
  if (needs === 'nothing') return [];
  return [{ token: [] }, method === 'GET' ? { session: [] } : { session: [], csrf: [] }];
}

/** What a route may answer beside its result, and the reason. */
function problems({ needs, method, upload }: Route): object {
  const said: [status: number, why: string][] = [
    [400, 'A field is missing or wrong, or the request cannot be read'],
    ...(needs === 'nothing' ? [] : ([[401, 'A login is needed, or it is over']] as [number, string][])),
    [403, 'The caller may not do this'],
    [404, 'What was asked for does not exist'],
    [409, 'It does not fit what is there by now, or is under way'],
    ...(method === 'GET'
      ? []
      : ([
          [413, 'The body is too large'],
          [415, 'The body is of another type'],
        ] as [number, string][])),
    [422, upload === undefined ? 'It cannot be done as asked' : 'The file is refused'],
    [429, 'Too many failed tries'],
    [500, 'A fault of the gateway'],
    [503, 'Busy; try again'],
    [507, 'The disk is full'],
  ];
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  return Object.fromEntries(said.map(([status, description]) => [status, { description, content }]));
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}
