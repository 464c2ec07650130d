import type { z } from 'zod';

const nouns: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'keys with their values',
  record: 'keys with their values',
};

/** What is wrong with a value of a file, for people who wrote YAML and know no types; undefined: as zod says it. */
export const issueInWords: z.core.$ZodErrorMap = ({ code, expected, input }) => {
  const noun = nouns[String(expected)];
  if (code !== 'invalid_type' || noun === undefined) return undefined;
  if (input === undefined) return `is missing; it must be ${noun}`;
  return input === null ? `is empty; it must be ${noun}` : `must be ${noun}`;
};
