import { z } from 'zod';
import { isConfidential, namesNoUser } from './far-url.ts';

const path = z.string().min(1).max(4096);
const name = z.string().min(1).max(256);

/** Where InfluxDB is, and which of its two ways to say where points go. */
export const influxSchema = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/, error: 'is an http:// or https:// address' })
      .refine((url) => namesNoUser(url) && URL.parse(url)?.pathname === '/', {
        message: 'must have no path, user name, password or query in it',
      }),
    /** PEM file of the authority that signed the certificate, where that is not a public one. */
    ca: path.optional(),
    /** InfluxDB 1. */
    database: name.optional(),
    retentionPolicy: name.optional(),
    username: name.optional(),
    passwordFile: path.optional(),
    /** InfluxDB 2 and later. */
    organization: name.optional(),
    bucket: name.optional(),
    tokenFile: path.optional(),
    /** Different series (metric, device and tags) that one life of the gateway writes. */
    maxSeries: z.int().min(1).max(1_000_000).default(20_000),
  })
  .refine((one) => (one.database === undefined) !== (one.bucket === undefined), {
    message: 'names either a database (InfluxDB 1) or a bucket (InfluxDB 2 and later)',
  })
  .refine((one) => one.bucket === undefined || (one.organization !== undefined && one.tokenFile !== undefined), {
    message: 'needs organization and tokenFile beside bucket',
  })
  .refine(
    ({ database, organization, tokenFile }) => database === undefined || (organization ?? tokenFile) === undefined,
    { message: 'has organization and tokenFile beside bucket only: a database has username and passwordFile' },
  )
  .refine(
    ({ bucket, retentionPolicy, username, passwordFile }) =>
      bucket === undefined || (retentionPolicy ?? username ?? passwordFile) === undefined,
    { message: 'has username, passwordFile and retentionPolicy beside database only: a bucket has a tokenFile' },
  )
  .refine((one) => (one.username === undefined) === (one.passwordFile === undefined), {
    message: 'needs username and passwordFile together',
  })
  .refine(({ url, passwordFile, tokenFile }) => (passwordFile ?? tokenFile) === undefined || isConfidential(url), {
    message: 'would send a password or token as it is: it needs https, or an address of this machine',
  });
