import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentLimits, readYaml } from '../../../../gateway/admission/language/yaml-document.ts';

const read = (text: string) => readYaml(Buffer.from(text));
const problem = (text: string) => {
  const { value, problems } = read(text);
  assert.equal(value, undefined);
  assert.ok(problems[0]);
  return problems[0];
};

test('knows the line and column of a nested key and of a list item', () => {
  const { positions, problems } = read('a: 1\nexports:\n  functions:\n    - name: run\n      params: [{ name: x }]\n');
  assert.deepEqual(problems, []);
  assert.deepEqual(positions.find('exports.functions[0].name'), { line: 4, column: 7 });
  assert.deepEqual(positions.find('exports.functions[0].params[0].type'), { line: 5, column: 16 });
  assert.deepEqual(positions.find('nowhere'), { line: 1, column: 1 });
});

test('refuses a key that is there twice, with its place', () => {
  const { sentence, at } = problem('plugin: { entry: a }\nplugin: { entry: b }\n');
  assert.match(sentence, /twice/);
  assert.equal(at.line, 2);
});

test('refuses an alias bomb without expanding it', () => {
  const levels = Array.from(
    { length: 12 },
    (_, i) =>
      `a${i}: &a${i} [${Array(9)
        .fill(i ? `*a${i - 1}` : 'x')
        .join(', ')}]`,
  );
  assert.match(problem(levels.join('\n')).sentence, /alias/);
});

for (const [what, text, says] of [
  ['a custom tag', 'a: !!js/function "x"', /tag/],
  ['an unknown local tag', 'a: !secret x', /tag/],
  ['a list as root', '- a\n- b', /mapping/],
  ['an empty document', '', /mapping/],
  ['a second document', 'a: 1\n---\nb: 2', /not YAML/],
  ['broken syntax', 'a: [1', /not YAML/],
  ['a key that names the prototype', '__proto__: { x: 1 }', /__proto__/],
  ['a mapping as key', '{ a: 1 }: 2', /plain word/],
  ['an infinite number', 'a: .inf', /finite/],
] as const) {
  test(`refuses ${what}`, () => assert.match(problem(text).sentence, says));
}

test('refuses a document above its bound in bytes, and nesting that would exhaust the parser', () => {
  assert.match(problem(`a: ${'x'.repeat(documentLimits.bytes)}`).sentence, /larger than 256 KiB/);
  assert.match(problem(`a: ${'['.repeat(100_000)}`).sentence, /deeper|not YAML/);
  assert.match(problem(`a: ${'['.repeat(40)}${']'.repeat(40)}`).sentence, /deeper than 32/);
});

test('reads YAML 1.2 scalars: no and on are texts, 1_000 is no number', () => {
  assert.deepEqual(JSON.parse(JSON.stringify(read('a: no\nb: on\nc: 1_000\nd: true\ne: ~\nf: 0x10').value)), {
    a: 'no',
    b: 'on',
    c: '1_000',
    d: true,
    e: null,
    f: 16,
  });
});
