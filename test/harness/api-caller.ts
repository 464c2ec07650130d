import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Daemon } from './daemon.ts';

export interface Schema {
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
export interface Operation {
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

/** Calls the API of a daemon and holds every answer against the document. */
export class Caller {
  readonly #daemon: Daemon;
  readonly #document: Document;
  readonly #token: string;
  readonly #schemas = new Map<object, z.ZodType>();

  static async of(daemon: Daemon): Promise<Caller> {
    return new Caller(daemon, await daemon.api<Document>('/openapi.json'));
  }

  private constructor(daemon: Daemon, document: Document) {
    this.#daemon = daemon;
    this.#document = document;
    this.#token = readFileSync(join(daemon.dataDir, 'admin-token'), 'utf8').trim();
  }

  /** Every operation, with its method and path. */
  get operations(): [method: string, path: string, operation: Operation][] {
    return Object.entries(this.#document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]): [string, string, Operation] => [
        method.toUpperCase(),
        path,
        operation,
      ]),
    );
  }

  /** Calls, and holds the answer against the document. `at` stands in the path for what it names, escaped. */
  async call(
    method: string,
    path: string,
    operation: Operation,
    want: { at?: string; query?: object; body?: string; type?: string; login?: boolean },
  ): Promise<number> {
    const named = path.replaceAll(/\{(\w+)\}/g, () => want.at ?? 'nothing');
    const url = new URL(named, `http://127.0.0.1:${this.#daemon.httpPort}`);
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
