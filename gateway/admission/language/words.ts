import { z } from 'zod';
import semver from 'semver';
import { nearest } from './nearest.ts';

/** An object in which an unknown key is an error that suggests the nearest known one: one line per key. */
export function keys<Shape extends z.core.$ZodLooseShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return undefined;
      const { keys: unknown } = issue as unknown as { keys: string[] };
      return unknown
        .map((key) => {
          const meant = nearest(key, known);
          return `unknown key "${key.slice(0, 64)}"${meant ? `; did you mean "${meant}"?` : `; known are ${known.join(', ')}`}`;
        })
        .join('\n');
    },
  });
}

/** A text; a bare number, boolean or null is told apart, because YAML makes one out of `24` and `off`. */
export function text(what: string, max = 1024): z.ZodString {
  return z
    .string({
      error: ({ input }) =>
        input !== undefined && typeof input !== 'object'
          ? `${what} must be a text: quote it`
          : `${what} must be a text`,
    })
    .min(1, `${what} must not be empty`)
    .max(max, `${what} is longer than ${max} characters`);
}

const versionText = z.string({
  error: ({ input }) =>
    typeof input === 'number' ? 'quote the version: a bare number loses digits' : 'must be a version text',
});

/** A semver range. `"24"` means 24.x. */
export const versionRange = versionText
  .max(256)
  .refine(
    (range) => range.trim() !== '' && semver.validRange(range) !== null,
    'is not a version range, for example ">=24.13 <25"',
  );

export const exactVersion = versionText
  .max(256)
  .refine((version) => semver.valid(version) !== null, 'is not a version, for example "1.4.0"');

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const unitBytes: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  KB: 1000,
  MB: 1e6,
  GB: 1e9,
};

/** `500ms`, `2s`, `10m`, `1h`, `30d` to milliseconds. */
export const duration = text('a duration')
  .regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, 'is not a duration such as "2s" or "500ms"')
  .transform((written) => Number.parseFloat(written) * (unitMs[written.replace(/^[\d.]+/, '')] ?? 1));

/** `96MiB`, `64KiB`, `512B` to bytes. */
export const size = text('a size')
  .regex(/^\d+(\.\d+)?(B|KiB|MiB|GiB|KB|MB|GB)$/, 'is not a size such as "64KiB" or "96MiB"')
  .transform((written) => Math.floor(Number.parseFloat(written) * (unitBytes[written.replace(/^[\d.]+/, '')] ?? 1)));

/** `200/s` or `1/10s` to events per second. */
export const rate = text('a rate')
  .regex(/^\d+(\.\d+)?\/(\d+(\.\d+)?)?(ms|s|m|h|d)$/, 'is not a rate such as "200/s" or "1/10s"')
  .transform((written) => {
    const [count = '0', per = '1s'] = written.split('/');
    const unit = per.replace(/^[\d.]+/, '');
    return (Number(count) * 1000) / (Number.parseFloat(per) || 1) / (unitMs[unit] ?? 1000);
  });

/** A regular expression of the contract. It is matched against bounded texts only. */
export const pattern = text('a pattern', 512).refine((source) => {
  try {
    return new RegExp(source).source !== '';
  } catch {
    return false;
  }
}, 'is not a regular expression');

/** A hash as `sha256-<hex>`, `sha256:<hex>` or with base64 as in SRI; compared whole, so a shortened one equals nothing. */
export const hash = text('a hash', 128).regex(
  /^sha256[-:]([0-9a-fA-F]{1,64}|[A-Za-z0-9+/]{43}=)$/,
  'is not a hash such as "sha256-9f0c…"',
);

export const name = text('a name', 256);
export const json: z.ZodType<null | boolean | number | string | unknown[] | Record<string, unknown>> = z.json();
/** One word or a list of them. */
export function oneOrMany<T extends z.ZodType>(one: T) {
  return z
    .union([one, z.array(one).min(1)])
    .transform((given) => (Array.isArray(given) ? given : [given]) as z.output<T>[]);
}

/** Names of exports and members, symbols such as `[Symbol.iterator]` among them. */
export const memberName = /^(\[?[\p{ID_Start}$_@][\p{ID_Continue}$.\u200c\u200d]*\]?|#?[\w$-]+)$/u;
