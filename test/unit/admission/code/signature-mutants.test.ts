import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codes } from './analysis.ts';

/**
 * A signature that keeps its contract, and every way to break it that a caller would notice. The rate of mutants that
 * are denied is the number published for changed signatures.
 */
interface Sample {
  readonly async: boolean;
  readonly params: readonly Param[];
  readonly returns: string;
}
interface Param {
  readonly name: string;
  readonly type: string;
  readonly optional?: true;
}
interface Mutant {
  readonly what: string;
  readonly code: string;
}

const types = [
  'string',
  'number',
  'boolean',
  'string[]',
  "'a' | 'b'",
  '{ id: string, n?: number }',
  'string | number',
  '[string, number]',
  'Uint8Array',
  'Record<string, number>',
];
/** A type that is neither the same nor wider or narrower in a way that assignability allows. */
const other = (type: string): string => (type === 'boolean' ? 'bigint' : 'boolean');
const narrower: Readonly<Record<string, string>> = {
  string: "'x'",
  number: '7',
  'string | number': 'string',
  "'a' | 'b'": "'a'",
  '{ id: string, n?: number }': '{ id: string, n: number }',
};

const samples: Sample[] = types.flatMap((type, i) => {
  const next = types[(i + 3) % types.length]!;
  return [
    { async: false, params: [{ name: 'a', type }], returns: next },
    {
      async: true,
      params: [
        { name: 'a', type },
        { name: 'b', type: next },
      ],
      returns: type,
    },
    {
      async: false,
      params: [
        { name: 'a', type },
        { name: 'b', type },
        { name: 'c', type: next, optional: true as const },
      ],
      returns: next,
    },
  ];
});

const code = ({ async, params, returns }: Sample): string => {
  const list = params.map(({ name, type, optional }) => `${name}${optional ? '?' : ''}: ${type}`).join(', ');
  return `export ${async ? 'async ' : ''}function run(${list}): ${async ? `Promise<${returns}>` : returns} { throw new Error() }`;
};

const contract = ({ async, params, returns }: Sample): string => {
  const text = (type: string): string => JSON.stringify(type.replace('Uint8Array', 'bytes'));
  const list = params.map(
    ({ name, type, optional }) => `{name: ${name}, type: ${text(type)}, optional: ${optional === true}}`,
  );
  return `exports: {functions: [{name: run, async: ${async ? 'required' : 'forbidden'}, params: [${list.join(', ')}], returns: ${text(returns)}}]}`;
};

function mutantsOf(sample: Sample): Mutant[] {
  const { params } = sample;
  const mutant = (what: string, change: Partial<Sample>): Mutant => ({ what, code: code({ ...sample, ...change }) });
  const [first] = params;
  const found = [
    { what: 'drop the function', code: 'export const other = 1;' },
    { what: 'rename the function', code: code(sample).replace('run(', 'runs(') },
    mutant('add a required parameter', {
      params: [...params.map(({ name, type }) => ({ name, type })), { name: 'z', type: 'number' }],
    }),
    mutant('add a required parameter in front', { params: [{ name: 'z', type: 'symbol' }, ...params] }),
    mutant('change the result', { returns: other(sample.returns) }),
    mutant('widen the result', { returns: `${sample.returns} | undefined` }),
    mutant('result any', { returns: 'any' }),
    mutant('sync and async', { async: !sample.async }),
    ...params.map((param, i) =>
      mutant('change a parameter', { params: params.with(i, { ...param, type: other(param.type) }) }),
    ),
    ...params.map((param, i) => mutant('parameter any', { params: params.with(i, { ...param, type: 'any' }) })),
  ];
  if (params.length > 1) found.push(mutant('reorder', { params: [params[1]!, first!, ...params.slice(2)] }));
  if (params.length > 1) found.push(mutant('drop the first parameter', { params: params.slice(1) }));
  const narrow = first && narrower[first.type];
  if (first && narrow !== undefined)
    found.push(mutant('narrow a parameter', { params: params.with(0, { ...first, type: narrow }) }));
  const last = params.at(-1);
  if (last?.optional)
    found.push(
      mutant('make an optional parameter required', {
        params: params.with(params.length - 1, { name: last.name, type: last.type }),
      }),
    );
  return found;
}

test('at least 95 % of changed signatures are denied, and none that is unchanged', async (t) => {
  const missed = new Map<string, number>();
  let killed = 0;
  let total = 0;
  for (const sample of samples) {
    const rule = contract(sample);
    assert.deepEqual(await codes(rule, { 'plugin.ts': code(sample) }), [], `${rule}\n${code(sample)}`);
    for (const { what, code: source } of mutantsOf(sample)) {
      if (source === code(sample)) continue;
      total++;
      const found = await codes(rule, { 'plugin.ts': source });
      if (found.length > 0) killed++;
      else missed.set(what, (missed.get(what) ?? 0) + 1);
    }
  }
  t.diagnostic(`signature mutants denied: ${killed} of ${total} (${((100 * killed) / total).toFixed(1)} %)`);
  for (const [what, count] of missed) t.diagnostic(`admitted: ${what}, ${count}`);
  assert.ok(total > 300);
  assert.ok(killed / total >= 0.95, `${killed} of ${total}: ${JSON.stringify([...missed])}`);
});
