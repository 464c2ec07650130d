import { createHash } from 'node:crypto';

const readableLength = 24;
const digestLength = 40;

/**
 * Our id of a device at the cloud: at most 64 alphanumerics (Tuya, "Register Device"), the same for ever. The
 * beginning can be read by people; the digest keeps apart what that flattens, and houses that name devices alike.
 */
export function thirdId(gateway: string, device: string): string {
  const readable = device.replace(/[^A-Za-z0-9]/g, '').slice(-readableLength);
  const digest = createHash('sha256').update(`${gateway}\0${device}`).digest('hex').slice(0, digestLength);
  return readable + digest;
}

/** A device name of 4 to 50 characters (Tuya, "Register Device"), whatever it was called here. */
export function deviceName(name: string): string {
  const trimmed = name.trim().slice(0, 50);
  return trimmed.length >= 4 ? trimmed : `device ${trimmed}`.trim();
}
