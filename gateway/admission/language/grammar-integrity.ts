import { z } from 'zod';
import { isoTimeIn } from '../../lib/iso-time.ts';
import { violationTable } from '../codes.ts';
import { hash, json, keys, name, text } from './words.ts';

const signature = z.union([
  keys({ ed25519: text('a key id', 128) }),
  keys({ sigstore: keys({ identity: text('an identity'), issuer: text('an issuer') }) }),
]);

const pinned = text('an image', 512).regex(
  /^[a-zA-Z0-9][\w.:/-]*@sha256:[0-9a-fA-F]{1,64}$/,
  'must be pinned by its digest (name@sha256:…): a tag can be moved to another image',
);
const platform = text('a platform', 64).regex(
  /^[a-z0-9]+\/[a-z0-9_]+(\/v\d)?$/,
  'is not a platform such as linux/arm64',
);

export const integritySection = keys({
  tree: hash.optional(),
  files: z.union([z.literal('manifest'), z.record(text('a path'), hash)]).optional(),
  signatures: keys({
    anyOf: z.array(signature).min(1).optional(),
    allOf: z.array(signature).min(1).optional(),
  }).optional(),
  provenance: keys({ required: z.boolean().optional(), source: text('a source').optional() }).optional(),
  sbom: keys({ format: z.enum(['cyclonedx', 'spdx']).optional(), digest: hash.optional() }).optional(),
  container: keys({
    image: pinned,
    platforms: z.array(platform).min(1).optional(),
    user: z.enum(['nonroot', 'any']).optional(),
  }).optional(),
});

export const evidenceSection = z
  .array(
    keys({ kind: name, subject: name, provider: name.optional(), status: z.enum(['verified', 'observed']).optional() }),
  )
  .max(64);

export const conformanceSection = keys({
  startsUnconfigured: z.boolean().optional(),
  simulator: name.optional(),
  examples: z
    .array(
      keys({
        call: name,
        args: z.array(json).max(64).optional(),
        given: json.optional(),
        expect: json.optional(),
        throws: name.optional(),
      }),
    )
    .max(256)
    .optional(),
});

const codes = Object.keys(violationTable) as (keyof typeof violationTable)[];
const noDay = 'is not a date such as 2027-01-31';
const day = text('a date', 10)
  .regex(/^\d{4}-\d\d-\d\d$/, { error: noDay, abort: true })
  .refine((written) => isoTimeIn(written) !== undefined, noDay);
const waiver = keys({
  code: z.enum(codes),
  subject: name.optional(),
  owner: name,
  reason: text('a reason', 1024),
  expires: day,
});
export const enforcementSection = keys({
  mode: z.enum(['enforce', 'audit']).optional(),
  onRuntimeViolation: z.enum(['report', 'stop', 'quarantine']).optional(),
  trust: z.enum(['full', 'limited']).optional(),
  waivers: z.array(waiver).max(64).optional(),
});

/** An Ed25519 public key of a signer: SPKI PEM or its base64, and the days on which its signatures count. */
export const trustedKey = keys({
  id: text('a key id', 128),
  ed25519: text('a public key', 512),
  from: day.optional(),
  until: day.optional(),
});

export type IntegrityRule = z.output<typeof integritySection>;
export type EvidenceRule = z.output<typeof evidenceSection>[number];
export type EnforcementRule = z.output<typeof enforcementSection>;
export type Waiver = z.output<typeof waiver>;
export type TrustedKey = z.output<typeof trustedKey>;
