import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TypeTextError, parseTypeText, primitiveNames } from '../../../../gateway/admission/language/type-text.ts';
import type { TypeForm } from '../../../../gateway/admission/types.ts';

const known = new Set(['Reading']);

/** Writes a form as text: the other way round. */
function write(form: TypeForm): string {
  switch (form.is) {
    case 'primitive':
    case 'named':
      return form.name;
    case 'literal':
      return typeof form.value === 'string' ? `'${form.value.replaceAll(/['\\]/g, '\\$&')}'` : String(form.value);
    case 'array':
      return `(${write(form.of)})[]`;
    case 'tuple':
      return `[${form.of.map(write).join(', ')}]`;
    case 'record':
      return `Record<string, ${write(form.of)}>`;
    case 'union':
      return form.of.map((one) => `(${write(one)})`).join(' | ');
    default:
      return `{ ${[...form.properties].map(([key, one]) => `${key}${one.optional ? '?' : ''}: ${write(one.type)}`).join('; ')} }`;
  }
}

const { form } = fc.letrec<{ form: TypeForm }>((tie) => ({
  form: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(...primitiveNames).map((name) => ({ is: 'primitive' as const, name })),
    fc.constant({ is: 'named' as const, name: 'Reading' }),
    fc
      .oneof(
        fc.string().filter((s) => !s.includes('\n')),
        fc.integer(),
        fc.boolean(),
      )
      .map((value) => ({ is: 'literal' as const, value })),
    tie('form').map((of) => ({ is: 'array' as const, of })),
    tie('form').map((of) => ({ is: 'record' as const, of })),
    fc.array(tie('form'), { minLength: 1, maxLength: 3 }).map((of) => ({ is: 'tuple' as const, of })),
    fc.array(tie('form'), { minLength: 2, maxLength: 3 }).map((of) => ({ is: 'union' as const, of })),
    fc
      .array(fc.tuple(fc.constantFrom('a', 'b', 'host', '$x'), tie('form'), fc.boolean()), { maxLength: 3 })
      .map((entries) => ({
        is: 'object' as const,
        closed: false,
        properties: new Map(entries.map(([key, type, optional]) => [key, { type, optional }])),
      })),
  ),
}));

test('reads back every type that can be written', () => {
  fc.assert(fc.property(form, (one) => assert.deepEqual(parseTypeText(write(one), known), one)));
});

test('any text is either a type or refused with TypeTextError', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        parseTypeText(text, known);
      } catch (error) {
        assert.ok(error instanceof TypeTextError);
      }
    }),
  );
});

for (const text of [
  'any',
  'object',
  'Function',
  'Promise<string>',
  'Map<string, number>',
  'string[',
  '{ a }',
  'string |',
  'a b',
  '('.repeat(60),
]) {
  test(`refuses ${text.slice(0, 20)}`, () => assert.throws(() => parseTypeText(text, known), TypeTextError));
}
