// Writes contracts/schemas/*.schema.json from the grammar. Run it after a change of gateway/admission/language/.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { jsonSchemas } from '../gateway/admission/language/json-schemas.ts';
import { atomicWrite } from '../gateway/lib/atomic-write.ts';

const folder = join(import.meta.dirname, '../contracts/schemas');
await mkdir(folder, { recursive: true });
for (const [name, text] of jsonSchemas()) await atomicWrite(join(folder, name), text, 0o644);
