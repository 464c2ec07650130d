import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ruleJsonSchemas } from '../../../../contracts/rule-json-schema.ts';
import { valueSchemas } from '../../../../contracts/value-schemas.ts';
import { jsonSchemas } from '../../../../gateway/admission/language/json-schemas.ts';

const folder = join(import.meta.dirname, '../../../../contracts/schemas');

test('the committed JSON Schemas are those of the grammar (else run scripts/write-contract-schemas.mjs)', () => {
  const schemas = jsonSchemas();
  const committed = readdirSync(folder).filter((name) => name.endsWith('.json'));
  assert.deepEqual(
    committed.toSorted(),
    [...schemas.keys(), ...valueSchemas().keys(), ...ruleJsonSchemas().keys()].toSorted(),
  );
  for (const [name, text] of schemas) assert.equal(readFileSync(join(folder, name), 'utf8'), text, name);
});
