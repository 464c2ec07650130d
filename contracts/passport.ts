import { z } from 'zod';

/** How a gateway says which of those that have its name it is: the epoch counts up with each restore, the instance is drawn. */
export const gatewayEpochSchema = z.strictObject({
  epoch: z.int().min(1).max(4_000),
  instance: z.string().regex(/^[0-9a-f]{16}$/),
});
export type GatewayEpoch = z.infer<typeof gatewayEpochSchema>;

/** What opens a passport; nobody can open it without. */
export const passphraseSchema = z.string().min(12, 'a passphrase has at least 12 characters').max(256);

const sinkSchema = z.object({
  sink: z.string(),
  accepted: z.number(),
  delivered: z.number(),
  buffered: z.number(),
  balanced: z.boolean(),
});

/** What is in the database of a passport, read from it: the same is read again from what was restored. */
export const contentsSchema = z.object({
  /** Rows of each table. */
  tables: z.record(z.string().max(128), z.int().nonnegative()),
  sinks: z.array(sinkSchema).max(16),
  lastLsn: z.int().nonnegative(),
  /** The database is whole, every record's checksum fits, and a recount agrees with the ledger. */
  whole: z.boolean(),
});
export type Contents = z.infer<typeof contentsSchema>;

/** Where a passport has the configuration, which stands beside every file that it names. */
export const configurationInPassport = 'data/configuration/portcullis.yaml';

/** The first file of a passport: what it is of, and every other file with its hash. */
export const manifestSchema = z.object({
  /** 2: the configuration is in it, in `data/configuration`, where it is known. */
  v: z.literal(2),
  gateway: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
  epoch: gatewayEpochSchema.shape.epoch,
  /** The program that made it. */
  version: z.string().max(64),
  /** Milliseconds since 1970, as the gateway's clock had it. */
  madeAt: z.number(),
  contents: contentsSchema,
  files: z
    .array(
      z.object({
        path: z.string().min(1).max(255),
        size: z.int().nonnegative(),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .max(10_000),
});
export type Manifest = z.infer<typeof manifestSchema>;

const count = z.number();
/** What people are told of a passport. Rules and plugins are those of the site; the shipped ones come with the program. */
export const passportFoundSchema = z.object({
  gateway: z.string(),
  epoch: count,
  version: z.string(),
  /** Milliseconds since 1970. */
  madeAt: count,
  /** Whether the configuration is in it, with what it names. */
  isConfigured: z.boolean(),
  devices: count,
  places: count,
  twins: count,
  credentials: count,
  accounts: count,
  flows: count,
  rules: count,
  plugins: count,
  sinks: z.array(z.object({ sink: z.string(), buffered: count, balanced: z.boolean() })),
});
export type PassportFound = z.infer<typeof passportFoundSchema>;

export const keptPassportSchema = z.object({ bytes: count, found: passportFoundSchema });
export type KeptPassport = z.infer<typeof keptPassportSchema>;

export const passportStateSchema = z.object({
  /** The one that was made since the start, to be fetched. */
  made: keptPassportSchema.optional(),
  /** Proven and laid down: it takes the place of this gateway at its next start. */
  waits: passportFoundSchema.optional(),
  /** Whether the gateway starts anew by itself for it; else somebody must. */
  restarts: z.boolean(),
});
export type PassportState = z.infer<typeof passportStateSchema>;
