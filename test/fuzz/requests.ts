import fc from 'fast-check';
import type { Operation, Schema } from '../harness/api-caller.ts';

/** A value that fits a schema as far as its words say; patterns and refinements may still refuse it, in a documented way. */
export function valueOf(schema: Schema): unknown {
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

/** JSON texts that somebody sends who means no good; each stands where a field belongs. */
const hostile = [
  'null',
  'true',
  '-1',
  '1e308',
  '9007199254740993',
  '""',
  '[]',
  '{}',
  JSON.stringify('x'.repeat(20_000)),
  '"\\u0000"',
  '"\\ud800"',
  '"\\u202e\\u0007\\u001b[2J"',
  JSON.stringify('💥'.repeat(300)),
  '"../../../etc/passwd"',
  '"__proto__"',
  '{"__proto__":{"role":"administrator"}}',
  '{"constructor":{"prototype":{}}}',
  '"\' OR 1=1 --"',
  '"<script>alert(1)</script>"',
  '"#"',
  `${'['.repeat(2_000)}${']'.repeat(2_000)}`,
];
const inPath = [
  'nothing',
  '..%2f..%2f..%2fetc%2fpasswd',
  '%00',
  '%zz',
  '%c0%af',
  '%f0%9f%92%a5',
  '__proto__',
  'constructor',
  '-1',
  '%22%27%3b--',
  'x'.repeat(4_000),
];
const types = ['application/json', 'application/json', 'application/json', 'text/plain', 'application/xml', 'x'];

type Called = readonly [method: string, path: string, operation: Operation];

export interface HostileRequest {
  readonly operation: Called;
  readonly at: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly type?: string;
}

/** A JSON object of the schema's fields, some of them left out or something else, with a field that nobody knows. */
function bodyOf(schema: Schema): fc.Arbitrary<string> {
  const fields = Object.entries(schema.properties ?? {}).map(([name, one]) =>
    fc
      .option(fc.oneof(fc.constant(JSON.stringify(valueOf(one))), fc.constantFrom(...hostile)), { freq: 5 })
      .map((text) => (text === null ? [] : [`${JSON.stringify(name)}:${text}`])),
  );
  const unknown = fc.constantFrom([], [], ['"__proto__":{"a":1}'], ['"nobody knows":1']);
  return fc.oneof(
    { weight: 9, arbitrary: fc.tuple(unknown, ...fields).map((all) => `{${all.flat().join(',')}}`) },
    { weight: 1, arbitrary: fc.constantFrom(...hostile) },
  );
}

/** Requests to any of the operations, with values of wrong types, sizes and signs in the places that the document has. */
export function hostileRequests(operations: readonly Called[]): fc.Arbitrary<HostileRequest> {
  return fc.constantFrom(...operations).chain((operation) => {
    const { parameters, requestBody } = operation[2];
    const asked = parameters.filter((one) => one.in === 'query');
    const query = fc
      .array(fc.tuple(fc.constantFrom(...asked.map(({ name }) => name), 'x'), fc.constantFrom(...hostile)), {
        maxLength: 3,
      })
      .map((pairs) =>
        Object.fromEntries(pairs.map(([name, value]) => [name, value.replaceAll('"', '').slice(0, 4_000)])),
      );
    const schema = requestBody?.content['application/json']?.schema;
    const asking = { operation: fc.constant(operation), at: fc.constantFrom(...inPath), query };
    if (schema === undefined) return fc.record(asking);
    return fc.record({ ...asking, body: bodyOf(schema), type: fc.constantFrom(...types) });
  });
}
