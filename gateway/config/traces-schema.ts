import { z } from 'zod';
import { isConfidential, namesNoUser } from './far-url.ts';

const path = z.string().min(1).max(4096);
/** What the HTTP client writes itself. */
const ownHeaders = /^(content-|transfer-encoding$|connection$|host$|keep-alive$|upgrade$|expect$|te$|trailer$)/i;
const headerName = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,64}$/, 'must be a header name of letters, digits and dashes')
  .refine((name) => !ownHeaders.test(name), { message: 'is a header that the gateway writes itself' });

/** Where traces go, by OTLP over HTTP; without it nothing of them is loaded. */
export const tracesSchema = z
  .strictObject({
    /** The collector; without a path it is `/v1/traces`. */
    endpoint: z
      .url({ protocol: /^https?$/, error: 'is an http:// or https:// address' })
      .max(2_048)
      .refine(namesNoUser, { message: 'must have no user name, password or query in it' }),
    /** Share of the messages that are traced. */
    ratio: z.number().gt(0).max(1).default(0.01),
    /** Header to the file that its value is alone in. */
    headerFiles: z.record(headerName, path).default({}),
    /** PEM file of the authority that signed the certificate, where that is not a public one. */
    ca: path.optional(),
  })
  .refine(({ endpoint, headerFiles }) => Object.keys(headerFiles).length === 0 || isConfidential(endpoint), {
    message: 'would send what is in headerFiles as it is: it needs https, or an address of this machine',
  });
