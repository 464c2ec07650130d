import { z } from 'zod';
import { commandRecordSchema, deadLetterRecordSchema, metricRecordSchema } from './kafka.ts';
import { messageSchema } from './message.ts';

/** What stands in the values of Kafka records, by file name in `contracts/schemas/`. */
const values = {
  'device-event.schema.json': messageSchema,
  'metric-record.schema.json': metricRecordSchema,
  'dead-letter-record.schema.json': deadLetterRecordSchema,
  'command-record.schema.json': commandRecordSchema,
};

/** The JSON Schemas (draft 2020-12) of everything that the gateway writes to Kafka, or reads there. */
export function valueSchemas(): Map<string, string> {
  const text = (name: string, schema: z.ZodType): string => {
    const io = name.startsWith('command') ? 'input' : 'output';
    return `${JSON.stringify({ $id: `urn:portcullis:${name.replace('.schema.json', '')}:1`, ...z.toJSONSchema(schema, { io }) }, null, 2)}\n`;
  };
  return new Map(Object.entries(values).map(([name, schema]) => [name, text(name, schema)]));
}
