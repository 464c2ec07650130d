import { z } from 'zod';
import { contractDocument, manifestDocument, policyDocument } from './grammar.ts';

const documents = {
  'plugin-contract': { schema: contractDocument, title: 'Portcullis plugin contract' },
  'plugin-manifest': { schema: manifestDocument, title: 'Portcullis plugin manifest' },
  'host-policy': { schema: policyDocument, title: 'Portcullis host policy' },
} as const;

/**
 * JSON Schemas (draft 2020-12) of the three documents, for editors, by file name. They say the form; what only the
 * reader can say (versions, types, names that must exist) is checked when a document is read.
 */
export function jsonSchemas(): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(documents).map(([name, { schema, title }]) => {
      const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'ref' });
      const text = JSON.stringify({ $schema, $id: `urn:portcullis:${name}:v1`, title, ...rest }, null, 2);
      return [`${name}.schema.json`, `${text}\n`];
    }),
  );
}
