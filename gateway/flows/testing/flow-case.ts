import { globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { severities } from '../../../contracts/alarm-words.ts';
import { PortcullisError } from '../../../contracts/errors.ts';
import { recordClasses } from '../../../contracts/message.ts';

const scalar = z.union([z.number(), z.boolean(), z.string()]);
const duration = z.string().regex(/^\d+(ms|s|m|h)$/, 'is a number with ms, s, m or h behind it');
const expectation = z.strictObject({
  commands: z
    .array(z.strictObject({ device: z.string(), name: z.string(), args: z.record(z.string(), z.json()).default({}) }))
    .default([]),
  alarms: z
    .array(
      z.strictObject({
        code: z.string(),
        subject: z.string(),
        op: z.enum(['raise', 'clear']).default('raise'),
        severity: z.enum(severities).optional(),
      }),
    )
    .default([]),
});
const measure = z.strictObject({
  device: z.string(),
  metric: z.string(),
  value: scalar,
  room: z.string().optional(),
  class: z.enum(recordClasses).default('state'),
});

/** `*.flowtest.yaml`: what devices say, how much time passes, and exactly what the flow shall have done since the last look. */
const caseSchema = z.strictObject({
  /** File with the flow, beside this one. */
  flow: z.string().min(1),
  /** Time of day at which it begins, in UTC. */
  at: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'is a time of day like 08:30')
    .default('08:00'),
  steps: z
    .array(
      z.union([
        z.strictObject({ measure }),
        z.strictObject({ advance: duration }),
        z.strictObject({ expect: expectation }),
      ]),
    )
    .min(1)
    .max(1_000),
});
export type FlowCase = z.infer<typeof caseSchema> & { readonly file: string; readonly flowText: string };
export type Expectation = z.infer<typeof expectation>;
export type Measure = z.infer<typeof measure>;

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

export function msOf(text: string): number {
  const [, number = '0', unit = 'ms'] = /^(\d+)(ms|s|m|h)$/.exec(text) ?? [];
  return Number(number) * units[unit as keyof typeof units];
}

/** The cases of files and folders, in order of their names. Throws FILE_UNREADABLE or CONFIG_INVALID in one sentence. */
export function readCases(paths: readonly string[]): readonly FlowCase[] {
  const files = paths.flatMap((path) =>
    statSync(path, { throwIfNoEntry: false })?.isDirectory()
      ? globSync('**/*.flowtest.yaml', { cwd: path })
          .toSorted()
          .map((file) => join(path, file))
      : [path],
  );
  if (files.length === 0) throw new PortcullisError('USAGE', `There is no *.flowtest.yaml in ${paths.join(', ')}.`);
  return files.map((file) => {
    const read = caseSchema.safeParse(parse(textOf(file)));
    if (!read.success) {
      const [issue] = read.error.issues;
      throw new PortcullisError('CONFIG_INVALID', `${file}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
    }
    return Object.assign(read.data, { file, flowText: textOf(join(dirname(file), read.data.flow)) });
  });
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new PortcullisError('FILE_UNREADABLE', `${file} cannot be read.`, { cause });
  }
}
