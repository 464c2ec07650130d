import { z } from 'zod';
import { PortcullisError } from '../../contracts/errors.ts';
import { readYaml } from '../admission/language/yaml-document.ts';
import { readBounded } from '../admission/read-bounded.ts';

/** A case file may be larger than one contract. */
const limits = { bytes: 8 * 1024 * 1024, depth: 32, nodes: 500_000 };

const loose = z.record(z.string(), z.unknown());
/** A document as text, or as the mapping itself. */
const fragment = z.union([z.string(), loose]).transform((one) => (typeof one === 'string' ? one : asText(one)));

function asText(document: Record<string, unknown>): string {
  return Object.entries(document)
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
    .join('');
}

const caseDocument = z.looseObject({
  id: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[\w.-]+$/),
  area: z.string().default(''),
  /** Absent: there is no contract at all. */
  contract: fragment.nullish(),
  manifest: fragment.nullish(),
  policy: fragment.nullish(),
  files: z.record(z.string().min(1).max(512), z.coerce.string()).nullish(),
  host: loose.nullish(),
  note: z.string().nullish(),
  expect: z.looseObject({
    decision: z.enum(['ADMIT', 'DENY', 'ERROR']),
    codes: z.array(z.string()).nullish(),
    exit: z.int().min(0).max(3).optional(),
    executed: z.boolean().optional(),
  }),
});
const caseFile = z.looseObject({
  defaults: z.looseObject({ host: loose.nullish(), executed: z.boolean().default(false) }).prefault({}),
  cases: z.array(caseDocument).min(1).max(5000),
});

export type Case = z.output<typeof caseDocument>;
export type CaseFile = z.output<typeof caseFile>;

/** Reads a file of replayable admission cases. Throws PortcullisError (FILE_UNREADABLE, CONFIG_INVALID). */
export async function readCaseFile(path: string): Promise<CaseFile> {
  const yaml = readYaml(await readBounded(path, limits.bytes), limits);
  const [problem] = yaml.problems;
  if (problem)
    throw new PortcullisError('CONFIG_INVALID', `${path}:${problem.at.line}: the case file ${problem.sentence}.`);
  const parsed = caseFile.safeParse(yaml.value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new PortcullisError('CONFIG_INVALID', `${path}: ${issue?.path.join('.')}: ${issue?.message}.`);
}
