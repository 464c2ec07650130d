import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { z } from 'zod';
import { configSchema } from '../../../gateway/config/schema.ts';

interface Node {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Node>>;
}

/** Every key that has a value of its own, as a dotted path. */
function leaves(node: Node, path: readonly string[] = []): string[] {
  if (node.properties === undefined) return [path.join('.')];
  return Object.entries(node.properties).flatMap(([key, child]) => leaves(child, [...path, key]));
}

test('docs/configuration.md has every key of the schema and no other', () => {
  const rows = readFileSync('docs/configuration.md', 'utf8').matchAll(/^\| (`[a-zA-Z.]+`(?:, `[a-zA-Z.]+`)*) \|/gm);
  const documented = [...rows].flatMap(([, cell]) => (cell ?? '').replaceAll('`', '').split(', '));
  assert.deepEqual(documented.toSorted(), leaves(z.toJSONSchema(configSchema, { io: 'input' }) as Node).toSorted());
});
