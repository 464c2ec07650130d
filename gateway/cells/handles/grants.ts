import { isIP } from 'node:net';
import { isLoopback, isPublic } from '../../lib/address-ranges.ts';
import { coversEndpoint, coversHost, subnet, type Endpoint } from '../../lib/endpoint.ts';

/** What a contract, a manifest and a policy leave of a plugin's wishes: plain data, as admission decided it. */
export interface HandleGrants {
  /** Topic filters; `${device.id}` in a level stands for one id of the plugin's own protocol. */
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  /** Bytes of one message, beside the gateway's own bound. */
  readonly maxPayload?: number | undefined;
  readonly outbound: readonly Endpoint[];
  readonly secrets: readonly string[];
  /** Values of the contract; the site's go before them. */
  readonly variables: readonly { readonly name: string; readonly default?: string | undefined }[];
  readonly serial: readonly SerialGrant[];
  readonly gpio: readonly GpioGrant[];
  /** Telemetry only: no message to a topic that makes something move. */
  readonly trust: 'full' | 'limited';
}

export interface SerialGrant {
  readonly match: {
    readonly vid?: string | undefined;
    readonly pid?: string | undefined;
    readonly path?: string | undefined;
  };
  readonly baud?: readonly number[] | undefined;
}

export interface GpioGrant {
  readonly chip: string;
  readonly lines: readonly number[];
  readonly direction?: 'in' | 'out' | 'both' | undefined;
}

const placeholder = '${device.id}';

/**
 * Whether every topic that `wanted` (a topic or a filter) matches is granted by the filter. Topics that begin with `$`
 * are the broker's own and are never granted. A placeholder that nobody knows stands for no topic.
 */
export function coversTopic(grant: string, wanted: string, proto: string): boolean {
  if (wanted.startsWith('$') && wanted !== grant) return false;
  const granted = grant.split('/');
  const levels = wanted.split('/');
  for (const [at, level] of granted.entries()) {
    if (level === '#') return true;
    const asked = levels[at];
    if (asked === undefined || asked === '#') return false;
    if (level !== '+' && !coversLevel(level, asked, proto)) return false;
  }
  return granted.length === levels.length;
}

function coversLevel(level: string, asked: string, proto: string): boolean {
  if (!level.includes('${')) return level === asked;
  const [before = '', after = '', ...more] = level.split(placeholder);
  if (more.length > 0 || before.includes('${') || after.includes('${')) return false;
  if (asked === level) return true;
  if (!asked.startsWith(`${before}${proto}:`) || !asked.endsWith(after)) return false;
  return asked !== '+' && asked.length > before.length + proto.length + 1 + after.length;
}

/** The filter to listen with: MQTT knows no placeholder. What comes is held against the filter as it was asked for. */
export function listeningFilter(filter: string): string {
  return filter
    .split('/')
    .map((level) => (level.includes('${') ? '+' : level))
    .join('/');
}

/** Where one request wants to go. */
export interface Target {
  readonly scheme: 'http' | 'https';
  /** Name in lower case, or address without brackets. */
  readonly host: string;
  readonly port: number;
}

const endpointOfTarget = ({ scheme, host, port }: Target): Endpoint => ({
  host,
  ports: { from: port, to: port },
  proto: scheme,
});

/** Whether some item of the contract names this host, port and scheme. */
export function grantsTarget(outbound: readonly Endpoint[], target: Target): boolean {
  return outbound.some((one) => coversEndpoint(one, endpointOfTarget(target)));
}

/** A wider subnet says nothing about private addresses: it is the internet, not a network that somebody meant. */
const narrowest = { ipv4: 8, ipv6: 7 } as const;

/**
 * Whether the target may be at this address. A public address may; a private one, one of this machine or a link-local
 * one only where the contract names it by address or subnet. `localhost` written out means loopback.
 */
export function grantsAddress(outbound: readonly Endpoint[], target: Target, address: string): boolean {
  if (isIP(address) === 0) return false;
  if (isPublic(address)) return true;
  if (target.host === 'localhost' && isLoopback(address)) return true;
  return outbound.some((one) => {
    const net = subnet(one.host);
    if (net === undefined || net.bits < narrowest[net.family]) return false;
    return coversHost(one.host, address) && coversEndpoint({ ...one, host: '*' }, endpointOfTarget(target));
  });
}

/** The grant that covers an adapter at a speed. */
export function grantsSerial(
  grants: readonly SerialGrant[],
  port: { readonly path: string; readonly vid?: string | undefined; readonly pid?: string | undefined },
  baudRate?: number,
): boolean {
  const same = (granted: string | undefined, found: string | undefined): boolean =>
    granted === undefined || granted.toLowerCase() === found?.toLowerCase();
  return grants.some(
    ({ match, baud }) =>
      same(match.vid, port.vid) &&
      same(match.pid, port.pid) &&
      (match.path === undefined || match.path === port.path) &&
      (baudRate === undefined || baud === undefined || baud.includes(baudRate)),
  );
}

export function grantsLine(
  grants: readonly GpioGrant[],
  wanted: { readonly chip: string; readonly line: number },
  direction: 'in' | 'out',
): boolean {
  return grants.some(
    (one) =>
      one.chip === wanted.chip &&
      one.lines.includes(wanted.line) &&
      (one.direction === undefined || one.direction === 'both' || one.direction === direction),
  );
}
