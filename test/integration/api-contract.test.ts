import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { z } from 'zod';
import { startDaemon, type Daemon } from '../harness/daemon.ts';

interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly minLength?: number;
  readonly default?: unknown;
}
interface Content {
  readonly content: Readonly<Record<string, { readonly schema: Schema & { readonly $ref?: string } }>>;
}
interface Operation {
  readonly 'x-permission'?: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: 'path' | 'query';
    readonly required: boolean;
    readonly schema: Schema;
  }[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** A value that fits a schema as far as its words say; patterns and refinements may still refuse it, in a documented way. */
function valueOf(schema: Schema): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.default !== undefined) return schema.default;
  if (schema.enum !== undefined) return schema.enum[0];
  const [first] = schema.anyOf ?? schema.oneOf ?? [];
  if (first !== undefined) return valueOf(first);
  const { properties = {}, required = [] } = schema;
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(required.map((name) => [name, valueOf(properties[name] ?? {})]));
    case 'array':
      return [];
    case 'integer':
    case 'number':
      return Math.max(1, schema.minimum ?? 1);
    case 'boolean':
      return true;
    default:
      return 'x'.repeat(Math.max(3, schema.minLength ?? 0));
  }
}

/** Values that fit no schema of ours. */
const nonsense = { '\u0000': { deep: [[[]]] } };

class Caller {
  readonly #daemon: Daemon;
  readonly #document: Document;
  readonly #token: string;
  readonly #schemas = new Map<object, z.ZodType>();

  constructor(daemon: Daemon, document: Document) {
    this.#daemon = daemon;
    this.#document = document;
    this.#token = readFileSync(join(daemon.dataDir, 'admin-token'), 'utf8').trim();
  }

  /** Calls, and holds the answer against the document. */
  async call(
    method: string,
    path: string,
    operation: Operation,
    want: { query?: object; body?: string; type?: string; login?: boolean },
  ): Promise<number> {
    const url = new URL(path.replaceAll(/\{(\w+)\}/g, 'nothing'), `http://127.0.0.1:${this.#daemon.httpPort}`);
    for (const [name, value] of Object.entries(want.query ?? {})) url.searchParams.set(name, String(value));
    const headers = {
      ...(want.login !== false && { authorization: `Bearer ${this.#token}` }),
      ...(want.body !== undefined && { 'content-type': want.type ?? 'application/json' }),
    };
    const stop = AbortSignal.timeout(30_000);
    const answer = await fetch(url, {
      method,
      headers,
      ...(want.body !== undefined && { body: want.body }),
      signal: stop,
      redirect: 'manual',
    }).catch((cause: unknown) => {
      throw new Error(`${method} ${url.pathname}${url.search} ${want.body?.slice(0, 200) ?? ''}`, { cause });
    });
    const what = `${method} ${url.pathname}${url.search} ${want.body?.slice(0, 200) ?? ''} → ${answer.status}`;
    const documented = operation.responses[answer.status];
    assert.ok(documented, `${what} is not in the document: ${documented ? '' : await answer.clone().text()}`);
    const type = answer.headers.get('content-type')?.split(';')[0] ?? '';
    const content = documented.content[type];
    assert.ok(content, `${what}: ${type} is not in the document`);
    if (type === 'text/event-stream') await answer.body?.cancel();
    else if (type.endsWith('json')) this.#check(content.schema, await answer.json(), what);
    else await answer.text();
    assert.notEqual(answer.status, 500, what);
    return answer.status;
  }

  #check(schema: Schema & { readonly $ref?: string }, body: unknown, what: string): void {
    const meant =
      schema.$ref === undefined
        ? schema
        : (this.#document.components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {});
    let parser = this.#schemas.get(meant);
    if (parser === undefined) this.#schemas.set(meant, (parser = z.fromJSONSchema(readable(meant) as never)));
    const found = parser.safeParse(body);
    assert.ok(found.success, `${what}: ${found.error?.message} in ${JSON.stringify(body).slice(0, 500)}`);
  }
}

/** zod reads a pattern without the flag `u`, with which JSON Schema means it: \p{L} would be the signs p, {, L and }. */
function readable(schema: Schema): Schema {
  return JSON.parse(JSON.stringify(schema).replaceAll(/"pattern":"[^"]*\\\\p\{[^"]*"/g, '"minLength":0')) as Schema;
}

async function start(t: TestContext): Promise<{ caller: Caller; operations: [string, string, Operation][] }> {
  const daemon = await startDaemon(t);
  const document = await daemon.api<Document>('/openapi.json');
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, string, Operation] => [
      method.toUpperCase(),
      path,
      operation,
    ]),
  );
  return { caller: new Caller(daemon, document), operations };
}

test('every call answers valid, empty, foolish and anonymous input as the document says', async (t) => {
  const { caller, operations } = await start(t);
  assert.ok(operations.length > 40);
  for (const [method, path, operation] of operations) {
    const [type, body] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
    const inUrl = operation.parameters.map(({ name }) => name).join(' ');
    assert.doesNotMatch(inUrl, /secret|password|token|csrf/i, `${method} ${path} has no secret in its address`);
    const query = Object.fromEntries(
      operation.parameters
        .filter((one) => one.in === 'query' && one.required)
        .map(({ name, schema }) => [name, valueOf(schema)]),
    );
    const isJson = type === 'application/json';
    const filled = body && (isJson ? JSON.stringify(valueOf(body.schema)) : 'no such file');
    await caller.call(method, path, operation, {
      query,
      ...(filled !== undefined && { body: filled, type: type ?? '' }),
    });
    if (isJson) {
      for (const foolish of [JSON.stringify(nonsense), '[]', '"text"', 'null', '{"unfinished":', '']) {
        const status = await caller.call(method, path, operation, { body: foolish });
        const mayBeTaken = foolish === '' || foolish === '[]' || foolish === 'null' || foolish === '"text"';
        assert.ok(mayBeTaken || status >= 400, `${method} ${path} took ${foolish}`);
      }
      await caller.call(method, path, operation, { body: JSON.stringify({ x: 'x'.repeat(70_000) }) });
    }
    if (operation['x-permission'] !== undefined && method !== 'GET') {
      assert.equal(
        await caller.call(method, path, operation, {
          ...(filled !== undefined && { body: filled, type: type ?? '' }),
          login: false,
        }),
        401,
        path,
      );
    }
  }
});
