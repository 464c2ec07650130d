import { createDecipheriv } from 'node:crypto';
import { z } from 'zod';
import { PortcullisError } from '../../../../contracts/errors.ts';

/** One message as it lies in the queue (Tuya, "Integrate with Message Service"). New keys may appear at any time. */
export const frameSchema = z.object({
  messageId: z.string().min(1).max(128),
  payload: z.base64().max(262_144),
  properties: z.object({ em: z.string().optional() }).default({}),
});
export type QueueFrame = z.infer<typeof frameSchema>;

const outerSchema = z.object({ data: z.string().max(262_144), protocol: z.int() });

/** AES-128; both modes are in use, `em` says which. */
const decipher: Readonly<Record<string, (data: Buffer, key: Buffer) => string>> = {
  aes_ecb: (data, key) => {
    const cipher = createDecipheriv('aes-128-ecb', key, null);
    return Buffer.concat([cipher.update(data), cipher.final()]).toString('utf8');
  },
  aes_gcm: (data, key) => {
    const [iv, sealed, tag] = [data.subarray(0, 12), data.subarray(12, -16), data.subarray(-16)];
    const cipher = createDecipheriv('aes-128-gcm', key, iv, { authTagLength: 16 }).setAuthTag(tag);
    return Buffer.concat([cipher.update(sealed), cipher.final()]).toString('utf8');
  },
};

/**
 * The business data of a frame as JSON, with its protocol number. The key is the middle of the account's secret (Tuya,
 * "Data Signature and Decryption"). Throws DECODE_FAILED; the error names no content and no key.
 */
export function openFrame(frame: QueueFrame, secret: string): { readonly protocol: number; readonly data: unknown } {
  const open = decipher[frame.properties.em ?? 'aes_ecb'];
  if (open === undefined)
    throw new PortcullisError('DECODE_FAILED', 'A message of the queue is encrypted in an unknown way.');
  try {
    const outer = outerSchema.parse(JSON.parse(Buffer.from(frame.payload, 'base64').toString('utf8')));
    const text = open(Buffer.from(outer.data, 'base64'), Buffer.from(secret.slice(8, 24), 'utf8'));
    return { protocol: outer.protocol, data: JSON.parse(text) };
  } catch {
    throw new PortcullisError('DECODE_FAILED', 'A message of the queue cannot be decrypted or is no JSON.');
  }
}
