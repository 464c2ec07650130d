import { z } from 'zod';
import { ruleSchema } from './rule.ts';

/** The JSON Schema (draft 2020-12) of a rule, for editors, by file name in `contracts/schemas/`. */
export function ruleJsonSchemas(): Map<string, string> {
  const schema = { $id: 'urn:portcullis:rule:1', ...z.toJSONSchema(ruleSchema, { io: 'input' }) };
  return new Map([['rule.schema.json', `${JSON.stringify(schema, null, 2)}\n`]]);
}
