// Writes contracts/schemas/*.schema.json from the grammar of contracts and from the messages. Run it after a change of
// gateway/admission/language/ or of contracts/{message,kafka,command}.ts.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ruleJsonSchemas } from '../contracts/rule-json-schema.ts';
import { valueSchemas } from '../contracts/value-schemas.ts';
import { jsonSchemas } from '../gateway/admission/language/json-schemas.ts';
import { atomicWrite } from '../gateway/lib/atomic-write.ts';

const folder = join(import.meta.dirname, '../contracts/schemas');
await mkdir(folder, { recursive: true });
for (const [name, text] of [...jsonSchemas(), ...valueSchemas(), ...ruleJsonSchemas()])
  await atomicWrite(join(folder, name), text, 0o644);
