import { isIP } from 'node:net';
import { z } from 'zod';

const path = z.string().min(1).max(4096);
const about = { metric: z.string().min(1).max(256).optional(), ep: z.string().min(1).max(64).optional() };

/** One data point of a Tuya product: what the cloud shows is the number divided by 10^scale. */
const dataPoint = z.discriminatedUnion('type', [
  z
    .strictObject({
      ...about,
      type: z.literal('value'),
      scale: z.int().min(0).max(9).optional(),
      min: z.number().optional(),
      max: z.number().optional(),
      step: z.number().positive().optional(),
    })
    .refine(({ min = -Infinity, max = Infinity }) => min <= max, { message: 'has a min above its max' }),
  z.strictObject({
    ...about,
    type: z.literal('enum'),
    range: z.array(z.string()).min(1),
    map: z.record(z.string(), z.string()).optional(),
  }),
  z.strictObject({ ...about, type: z.literal('bool') }),
  z.strictObject({ ...about, type: z.literal('string'), maxLength: z.int().min(1) }),
  /** As the cloud's specification says; names only the metric. */
  z.strictObject({ ...about, type: z.literal('any') }),
]);

const productId = z.string().min(1).max(64);
/** Data point code to its definition; other codes are reported as they are. */
const dataPoints = z.record(z.string().min(1).max(128), dataPoint).default({});

/** The file of `cloud.tuya.products`: device profile to its product at the cloud. */
export const productsSchema = z.record(z.string().min(1).max(128), z.strictObject({ productId, dataPoints }));

/** The vendor's data centres (Tuya, "Cloud Services API Reference", request URLs). */
export const hosts = {
  cn: 'openapi.tuyacn.com',
  us: 'openapi.tuyaus.com',
  ueaz: 'openapi-ueaz.tuyaus.com',
  eu: 'openapi.tuyaeu.com',
  weaz: 'openapi-weaz.tuyaeu.com',
  in: 'openapi.tuyain.com',
} as const;

const localEndpoint = 'https://127.0.0.1:8443';

export const tuyaSchema = z
  .strictObject({
    /** `dev` is the local cloud; the others are projects at a cloud of the vendor, or at a private one. */
    environment: z.enum(['dev', 'test', 'uat', 'prod']).optional(),
    /** Data centre of the vendor, in place of an endpoint. */
    region: z.enum(Object.keys(hosts) as [keyof typeof hosts]).optional(),
    endpoint: z
      .url({ protocol: /^https$/, error: 'must be an https:// address' })
      .refine((url) => URL.parse(url)?.href === `${URL.parse(url)?.origin}/`, {
        message: 'is host and port only, without path, query or user name',
      })
      .optional(),
    clientId: z.string().min(1).max(128),
    secretFile: path,
    /** PEM file of the authority that signed the endpoint's certificate, where that is not a public one. */
    ca: path.optional(),
    productId: productId.default('portcullis'),
    /** Product of the gateway itself: with it, every device is registered behind the gateway. */
    gatewayProductId: productId.optional(),
    dataPoints,
    /** File with the products of device profiles. */
    products: path.optional(),
    /** Uses the batch report of the local cloud, which the public cloud does not have. */
    batch: z.boolean().default(false),
    /** Fetches commands and messages by long poll, which the local cloud has and the public one does not. */
    longPoll: z.boolean().default(false),
    /** Calls per second that the account allows. */
    callsPerSecond: z.number().positive().max(10_000).default(50),
  })
  .refine(({ endpoint, region, environment }) => endpoint ?? region ?? (environment === 'dev' || undefined), {
    message: 'needs an endpoint or a region; only environment dev has a default',
  });

export type TuyaConfig = z.infer<typeof tuyaSchema>;

/** Where the calls go: the endpoint, else the data centre of the region, else the local cloud. */
export function endpointOf({ endpoint, region }: TuyaConfig): string {
  return endpoint ?? (region === undefined ? localEndpoint : `https://${hosts[region]}`);
}

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'));

export function environmentOf(tuya: TuyaConfig): NonNullable<TuyaConfig['environment']> {
  return tuya.environment ?? (isLoopback(new URL(endpointOf(tuya)).hostname) ? 'dev' : 'prod');
}
