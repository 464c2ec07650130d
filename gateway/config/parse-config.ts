import type { Document } from 'yaml';
import type { z } from 'zod';
import { PortcullisError } from '../../contracts/errors.ts';
import { issueInWords } from '../lib/issue-words.ts';
import { nearestWord } from '../lib/nearest-word.ts';
import { parseYaml } from '../lib/yaml-text.ts';
import { configSchema, type Config } from './schema.ts';

const maxBytes = 256 * 1024;

/**
 * Parses the text of a configuration file (YAML 1.2, no aliases, no duplicate keys). `source` names it in errors.
 * Throws CONFIG_INVALID with one line per problem; each names the path of the key.
 */
export function parseConfig(text: string, source: string): Config {
  return checkConfig(readYaml(text, source), source);
}

/** What stands in the text, unchecked. Throws CONFIG_INVALID for what is no such YAML. */
export function readYaml(text: string, source: string): unknown {
  if (text.length > maxBytes) throw invalid(source, [`is larger than ${maxBytes} bytes`]);
  const { document, faults } = parseYaml(text);
  if (faults.length > 0) throw invalid(source, faults);
  return toPlain(document, source);
}

/** Throws CONFIG_INVALID as `parseConfig` does. */
export function checkConfig(written: unknown, source: string): Config {
  const result = configSchema.safeParse(written, { error: issueInWords });
  if (!result.success) throw invalid(source, result.error.issues.flatMap(sentences));
  return result.data;
}

function toPlain(document: Document, source: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch (cause) {
    throw new PortcullisError('CONFIG_INVALID', `${source}: aliases are not allowed.`, { cause });
  }
}

function sentences(issue: z.core.$ZodIssue): string[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const known = knownKeys(path);
      const near = nearestWord(key, known);
      const hint = near === undefined ? `known keys: ${known.join(', ')}` : `did you mean "${near}"?`;
      return `${[...path, key].join('.')}: unknown key; ${hint}`;
    });
  }
  const messages = issue.code === 'invalid_key' ? issue.issues.map(({ message }) => message) : [issue.message];
  return messages.map((message) => `${path.join('.') || 'the file'}: ${message}`);
}

/** The keys that the schema has at a path, for the hint of an unknown one. */
function knownKeys(path: readonly string[]): string[] {
  let schema: unknown = configSchema;
  for (const key of path) schema = shapeOf(schema)?.[key];
  return Object.keys(shapeOf(schema) ?? {});
}

function shapeOf(schema: unknown): Record<string, unknown> | undefined {
  let inner = schema as { shape?: Record<string, unknown>; def?: { innerType?: unknown } } | undefined;
  while (inner !== undefined && inner.shape === undefined) inner = inner.def?.innerType as typeof inner;
  return inner?.shape;
}

function invalid(source: string, problems: readonly string[]): PortcullisError {
  return new PortcullisError('CONFIG_INVALID', `${source} is not a valid configuration:\n  ${problems.join('\n  ')}`);
}
