import { isLoopback } from './tuya-schema.ts';

/** Whether nobody on the way can read what is sent to an `http://` or `https://` address. */
export function isConfidential(url: string): boolean {
  const { protocol, hostname } = URL.parse(url) ?? { protocol: '', hostname: '' };
  return protocol === 'https:' || isLoopback(hostname);
}

/** An address that is shown and logged has no secret in it. */
export function namesNoUser(url: string): boolean {
  const parsed = URL.parse(url);
  return parsed?.username === '' && parsed.password === '' && parsed.search === '';
}
