import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { PortcullisError } from '../../../contracts/errors.ts';
import { ruleSchema, type Rule } from '../../../contracts/rule.ts';
import { issueInWords } from '../../lib/issue-words.ts';

const maxCharacters = 16_384;
/** Of a document: deeper than any rule that is valid. */
const maxNesting = 24;

/** Reads one rule from YAML. `source` names it in errors. Throws CONFIG_INVALID with one line per problem, each with its path. */
export function readRule(text: string, source: string): Rule {
  if (text.length > maxCharacters) throw invalid(source, [`is longer than ${maxCharacters} characters`]);
  // Not on the console: a key that is a list is refused as an unknown one.
  const options = { uniqueKeys: true, prettyErrors: false, version: '1.2', logLevel: 'error' } as const;
  const document = plain(() => parseDocument(text, options), source);
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0)
    throw invalid(
      source,
      faults.map(({ message }) => message),
    );
  return ruleFrom(
    plain(() => document.toJS({ maxAliasCount: 0 }) as unknown, source),
    source,
  );
}

/** As `readRule`, of what was read already. */
export function ruleFrom(value: unknown, source: string): Rule {
  if (nesting(value) > maxNesting) throw invalid(source, ['is nested too deep']);
  const result = ruleSchema.safeParse(value, { error: issueInWords });
  if (result.success) return result.data;
  throw invalid(source, result.error.issues.flatMap(sentences));
}

function sentences(issue: z.core.$ZodIssue): string[] {
  const path = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => `${[path, key].filter(Boolean).join('.')}: unknown key`);
  return [`${path || 'the rule'}: ${issue.message}`];
}

function nesting(value: unknown): number {
  let deepest = 0;
  const open: (readonly [unknown, number])[] = [[value, 1]];
  for (let next = open.pop(); next !== undefined && deepest <= maxNesting; next = open.pop()) {
    const [one, depth] = next;
    deepest = Math.max(deepest, depth);
    if (typeof one === 'object' && one !== null) for (const each of Object.values(one)) open.push([each, depth + 1]);
  }
  return deepest;
}

/** The parser runs out of stack on what nests without end, and tells aliases by a throw. */
function plain<Result>(read: () => Result, source: string): Result {
  try {
    return read();
  } catch (error) {
    throw invalid(source, [(error as Error).message]);
  }
}

function invalid(source: string, problems: readonly string[]): PortcullisError {
  return new PortcullisError(
    'CONFIG_INVALID',
    `${source} is not a valid rule:\n  ${problems.slice(0, 20).join('\n  ')}`,
  );
}
