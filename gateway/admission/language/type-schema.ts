import { z } from 'zod';
import type { TypeForm, TypeProperty } from '../types.ts';
import { TypeTextError, parseTypeText } from './type-text.ts';
import { keys } from './words.ts';

/** A type as the grammar has it: a text of the mini-language, or a subset of JSON Schema. */
export type TypeSource = string | TypeSchema;
export interface TypeSchema {
  readonly type?: string | undefined;
  readonly enum?: readonly (string | number | boolean | null)[] | undefined;
  readonly const?: string | number | boolean | null | undefined;
  readonly anyOf?: readonly TypeSource[] | undefined;
  readonly items?: TypeSource | undefined;
  readonly properties?: Readonly<Record<string, TypeSource>> | undefined;
  readonly required?: readonly string[] | undefined;
  readonly additionalProperties?: boolean | TypeSource | undefined;
  readonly [limit: string]: unknown;
}

const literal = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const count = z.int().nonnegative();

/** Limits bind at call time; `type` is `object`, `array` or any text of the mini-language. */
export const typeSource: z.ZodType<TypeSource> = z.lazy(() =>
  z.union([
    z.string().min(1).max(4096),
    keys({
      type: z.string().min(1).max(4096).optional(),
      description: z.string().optional(),
      enum: z.array(literal).min(1).max(256).optional(),
      const: literal.optional(),
      anyOf: z.array(typeSource).min(1).max(64).optional(),
      items: typeSource.optional(),
      minItems: count.optional(),
      maxItems: count.optional(),
      properties: z.record(z.string(), typeSource).optional(),
      required: z.array(z.string()).optional(),
      additionalProperties: z.union([z.boolean(), typeSource]).optional(),
      minimum: z.number().optional(),
      maximum: z.number().optional(),
      exclusiveMinimum: z.number().optional(),
      exclusiveMaximum: z.number().optional(),
      minLength: count.optional(),
      maxLength: count.optional(),
      pattern: z.string().max(512).optional(),
      format: z.enum(['date-time', 'date', 'time', 'uri', 'uuid', 'ipv4', 'ipv6', 'hostname', 'email']).optional(),
    }),
  ]),
);

/** The normal form of a type source. Throws TypeTextError with words that follow "the type …". */
export function typeForm(source: TypeSource, known: ReadonlySet<string>): TypeForm {
  if (typeof source === 'string') return parseTypeText(source, known);
  if (source.const !== undefined) return literalForm(source.const);
  if (source.enum) return union(source.enum.map(literalForm));
  if (source.anyOf) return union(source.anyOf.map((member) => typeForm(member, known)));
  const type = source.type ?? (source.properties ? 'object' : source.items ? 'array' : undefined);
  if (type === undefined) throw new TypeTextError('needs type, enum, const or anyOf');
  if (type === 'object') return objectForm(source, known);
  if (type === 'array') return { is: 'array', of: source.items ? typeForm(source.items, known) : unknownForm };
  return parseTypeText(type, known);
}

const unknownForm: TypeForm = { is: 'primitive', name: 'unknown' };

function objectForm(source: TypeSchema, known: ReadonlySet<string>): TypeForm {
  const required = new Set(source.required);
  const properties = new Map<string, TypeProperty>();
  for (const [name, property] of Object.entries(source.properties ?? {})) {
    properties.set(name, { type: typeForm(property, known), optional: !required.has(name) });
  }
  for (const name of required) {
    if (!properties.has(name)) throw new TypeTextError(`requires "${name}", which its properties do not have`);
  }
  const more = source.additionalProperties;
  if (properties.size === 0 && more !== undefined && typeof more !== 'boolean') {
    return { is: 'record', of: typeForm(more, known) };
  }
  return { is: 'object', properties, closed: more === false };
}

function literalForm(value: string | number | boolean | null): TypeForm {
  return value === null ? { is: 'primitive', name: 'null' } : { is: 'literal', value };
}

function union(members: readonly TypeForm[]): TypeForm {
  const [only] = members;
  return members.length === 1 && only ? only : { is: 'union', of: members };
}

/** The names that a type refers to, for finding circles. */
export function namesIn(form: TypeForm): readonly string[] {
  switch (form.is) {
    case 'named':
      return [form.name];
    case 'array':
    case 'record':
      return namesIn(form.of);
    case 'tuple':
    case 'union':
      return form.of.flatMap(namesIn);
    case 'object':
      return [...form.properties.values()].flatMap((property) => namesIn(property.type));
    default:
      return [];
  }
}
