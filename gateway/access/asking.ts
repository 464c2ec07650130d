import type { Asking } from '../../contracts/actor.ts';

/** What a proxy adds; with any of them the near end of the connection says nothing of who asks. */
const forwarding = ['forwarded', 'via', 'x-real-ip', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'];
const ownNames = new Set(['localhost', '127.0.0.1', '[::1]']);
const ownAddresses = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);

/**
 * Whether somebody on this machine asks, by one of its own names: a page of another site that had its name point here
 * (DNS rebinding) still says its own name.
 */
export function isFromThisMachine({ headers, address }: Asking): boolean {
  if (!ownAddresses.has(address)) return false;
  if (forwarding.some((name) => headers[name] !== undefined)) return false;
  const host = headers['host'];
  return typeof host === 'string' && ownNames.has(host.toLowerCase().replace(/:\d+$/, ''));
}

/** What stands after `Bearer`, if that is how the request says who it is from. */
export function bearerOf({ headers }: Asking): string | undefined {
  const given = headers['authorization'];
  if (typeof given !== 'string') return undefined;
  return /^Bearer +([\w.~+/=-]{1,8192})$/i.exec(given)?.[1] ?? '';
}
