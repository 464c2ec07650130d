import type { z } from 'zod';
import { PortcullisError } from '../../contracts/errors.ts';

/** The value of a field as its schema takes it. Throws COMMAND_INVALID with the field's name. */
export function parsed<T>(schema: z.ZodType<T>, value: unknown, field: string): T {
  const { data, error } = schema.safeParse(value);
  if (error === undefined) return data;
  throw new PortcullisError('COMMAND_INVALID', `${field}: ${error.issues[0]?.message ?? 'invalid'}`);
}
