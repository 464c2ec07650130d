import { z } from 'zod';
import type { Route } from './route.ts';

/** The OpenAPI 3.1 document of the given routes. */
export function openApiDocument(routes: readonly Route[], version: string): object {
  return {
    openapi: '3.1.0',
    info: { title: 'Portcullis', version, description: 'What the gateway has accepted, and what became of it.' },
    paths: Object.fromEntries(routes.map((route) => [route.path, { get: operation(route) }])),
  };
}

function operation(route: Route): object {
  return {
    summary: route.summary,
    parameters: Object.entries(route.query.shape).map(([name, schema]) => ({
      name,
      in: 'query',
      required: false,
      schema: jsonSchema(schema as z.ZodType, 'input'),
    })),
    responses: {
      200: { description: 'OK', content: { 'application/json': { schema: jsonSchema(route.result, 'output') } } },
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
