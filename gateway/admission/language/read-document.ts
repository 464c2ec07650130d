import type { z } from 'zod';
import type { Violation } from '../types.ts';
import { violationTable } from '../codes.ts';
import { pathText } from './positions.ts';
import type { Positions } from './positions.ts';
import { readYaml } from './yaml-document.ts';

/** A document that was read: its value, or what is wrong with it. `file` is how reports call it. */
export interface ReadDocument<T> {
  readonly file: string;
  readonly value: T | undefined;
  readonly positions: Positions;
  readonly violations: readonly Violation[];
}

/** A configuration error at a place in a document. */
export function documentViolation(file: string, path: string, sentence: string, positions: Positions): Violation {
  const at = positions.find(path);
  return {
    code: 'PC-C101',
    path,
    file,
    line: at?.line ?? 1,
    column: at?.column ?? 1,
    contractLine: at?.line ?? 1,
    observed: path === '' ? `the document ${sentence}` : `${path}: ${sentence}`,
    confidence: 'proven',
    severity: 'error',
    remedy: violationTable['PC-C101'].help,
  };
}

/** Reads YAML and checks it against a grammar. Never throws for what the bytes hold. */
export function readDocument<Schema extends z.ZodType>(
  bytes: Uint8Array,
  file: string,
  schema: Schema,
): ReadDocument<z.output<Schema>> {
  const yaml = readYaml(bytes);
  if (yaml.value === undefined) {
    const violations = yaml.problems.map((problem) => ({
      ...documentViolation(file, problem.path, problem.sentence, yaml.positions),
      line: problem.at.line,
      column: problem.at.column,
      contractLine: problem.at.line,
    }));
    return { file, value: undefined, positions: yaml.positions, violations };
  }
  const parsed = schema.safeParse(yaml.value);
  if (parsed.success) return { file, value: parsed.data, positions: yaml.positions, violations: [] };
  const violations = parsed.error.issues
    .flatMap((issue) => flatten(issue, []))
    .slice(0, 50)
    .map(({ path, sentence }) => documentViolation(file, pathText(path), sentence, yaml.positions));
  return { file, value: undefined, positions: yaml.positions, violations };
}

interface Problem {
  readonly path: readonly PropertyKey[];
  readonly sentence: string;
}

/** One problem per issue. Of a union the branch counts that the value was meant for: the one whose kind fits. */
function flatten(issue: z.core.$ZodIssue, above: readonly PropertyKey[]): readonly Problem[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    const sentences = issue.message.split('\n');
    return issue.keys.map((key, i) => ({ path: [...path, key], sentence: sentences[i] ?? 'unknown key' }));
  }
  if (issue.code === 'invalid_union') {
    const fitting = issue.errors.find(
      (branch) => !branch.some((one) => one.path.length === 0 && one.code === 'invalid_type'),
    );
    if (fitting && fitting.length > 0) return fitting.flatMap((one) => flatten(one, path));
    const [longest] = issue.errors.toSorted((a, b) => b.length - a.length);
    return longest?.[0] ? flatten(longest[0], path) : [{ path, sentence: issue.message }];
  }
  return [{ path, sentence: issue.message }];
}
