import { z } from 'zod';
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
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
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
    security: route.needs === 'nothing' ? [] : [{ token: [] }],
    parameters: outside.map(([name, schema]) => ({
      name,
      in: inPath.has(name) ? 'path' : 'query',
      required: inPath.has(name),
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
      default: {
        description: 'Problem details (RFC 9457)',
        content: { 'application/problem+json': { schema: { type: 'object' } } },
      },
    },
  };
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}
