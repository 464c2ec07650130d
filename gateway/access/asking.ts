import type { Asking } from '../../contracts/actor.ts';

/** What a proxy adds; with any of them the near end of the connection says nothing of who asks. */
const forwarding = ['forwarded', 'via', 'x-real-ip', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'];
const ownNames = new Set(['localhost', '127.0.0.1', '[::1]']);
const ownAddresses = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);

/**
 * Whether somebody on this machine asks, by one of its own names: a page of another site that had its name point here
 * (DNS rebinding) still says its own name.
 */
export function isFromThisMachine(asking: Asking): boolean {
  if (!ownAddresses.has(asking.address)) return false;
  if (forwarding.some((name) => asking.headers[name] !== undefined)) return false;
  return ownNames.has((header(asking, 'host') ?? '').toLowerCase().replace(/:\d+$/, ''));
}

/** What stands after `Bearer`, empty when it cannot be read; undefined when the request says nothing of who it is from. */
export function bearerOf(asking: Asking): string | undefined {
  const given = header(asking, 'authorization');
  return given === undefined ? undefined : (/^Bearer +([\w.~+/=-]{1,8192})$/i.exec(given)?.[1] ?? '');
}

/** `__Host-`: over TLS no other host, and no page of plain HTTP, can have set it (RFC 6265bis, section 4.1.3). */
const cookieName = (isTls: boolean): string => (isTls ? '__Host-portcullis' : 'portcullis');

export function sessionOf(asking: Asking): string | undefined {
  return cookieOf(asking, cookieName(asking.isTls));
}

function cookieOf(asking: Asking, name: string): string | undefined {
  for (const pair of (header(asking, 'cookie') ?? '').split(/; */)) {
    if (pair.startsWith(`${name}=`)) return pair.slice(name.length + 1);
  }
  return undefined;
}

/** A `Set-Cookie` for a session; without one, for its end. */
export function sessionCookie({ isTls }: Pick<Asking, 'isTls'>, secret?: string): string {
  const ends = secret === undefined ? '; Max-Age=0' : '';
  return `${cookieName(isTls)}=${secret ?? ''}; Path=/; HttpOnly; SameSite=Strict${isTls ? '; Secure' : ''}${ends}`;
}

const journeyName = 'portcullis-login';

/** The cookie of a browser on its way to the identity provider. It comes back from another site, so it cannot be `Strict`. */
export function journeyCookie({ isTls }: Pick<Asking, 'isTls'>, state: string): string {
  return `${journeyName}=${state}; Path=/api/v1/login; Max-Age=600; HttpOnly; SameSite=Lax${isTls ? '; Secure' : ''}`;
}

export const journeyOf = (asking: Asking): string | undefined => cookieOf(asking, journeyName);

/** Whether a page of another site has the browser send this. Programs say no origin. */
export function isFromAnotherSite(asking: Asking): boolean {
  const site = header(asking, 'sec-fetch-site');
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  const origin = header(asking, 'origin');
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== header(asking, 'host')?.toLowerCase();
}

export function header({ headers }: Asking, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}
