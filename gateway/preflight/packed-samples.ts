import { promisify } from 'node:util';
import { gunzipSync, gzip } from 'node:zlib';
import { z } from 'zod';
import type { Envelope } from '../../contracts/plugin.ts';

const compress = promisify(gzip);

/** More than any period can hold: what unpacks to more was not written here. */
const maxUnpackedBytes = 4 * 1024 * 1024;

const sample = z.object({
  transport: z.enum(['mqtt', 'serial', 'gpio', 'api', 'plugin']),
  client: z.string(),
  topic: z.string(),
  retain: z.boolean(),
  receivedAt: z.number(),
  plugin: z.string().optional(),
  payload: z.base64(),
});

/** Samples as gzip of one JSON text, off the main thread. */
export function packSamples(samples: readonly Envelope[]): Promise<Uint8Array> {
  const plain = samples.map((one) => ({ ...one, payload: Buffer.from(one.payload).toString('base64') }));
  return compress(JSON.stringify(plain), { level: 6 });
}

/** Throws when the bytes are not what `packSamples` makes. */
export function unpackSamples(packed: Uint8Array): readonly Envelope[] {
  const text = gunzipSync(packed, { maxOutputLength: maxUnpackedBytes }).toString();
  return z.array(sample).parse(JSON.parse(text)).map(envelopeOf);
}

function envelopeOf({ payload, ...head }: z.infer<typeof sample>): Envelope {
  return { ...head, payload: new Uint8Array(Buffer.from(payload, 'base64')) };
}

/** The samples of the day before the newest one. Damaged periods are left out and counted. */
export function lastDay(periods: readonly Uint8Array[]): {
  readonly samples: readonly Envelope[];
  readonly damaged: number;
} {
  const all: Envelope[] = [];
  let damaged = 0;
  for (const packed of periods) {
    try {
      all.push(...unpackSamples(packed));
    } catch {
      damaged += 1;
    }
  }
  const newest = all.at(-1)?.receivedAt ?? 0;
  return { samples: all.filter(({ receivedAt }) => receivedAt > newest - 86_400_000), damaged };
}
