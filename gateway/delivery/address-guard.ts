import { isIP, type LookupFunction } from 'node:net';
import { PortcullisError } from '../../contracts/errors.ts';
import { isLoopback, isMachinery } from '../lib/address-ranges.ts';
import { bareHost, guardedLookup } from '../lib/guarded-lookup.ts';

/**
 * Checks an endpoint that the operator wrote. Loopback counts as meant when it is written out; link-local, metadata
 * and group addresses never do. Only https, without credentials in the URL.
 */
export function checkEndpoint(endpoint: string): URL {
  const url = URL.parse(endpoint);
  if (url === null || url.protocol !== 'https:' || url.username !== '' || url.password !== '') {
    throw new PortcullisError('CONFIG_INVALID', 'The cloud endpoint must be an https:// address without credentials.');
  }
  const host = bareHost(url);
  if (isIP(host) !== 0 && isMachinery(host)) {
    throw new PortcullisError('CONFIG_INVALID', `The cloud endpoint ${host} is an address that no cloud has.`);
  }
  return url;
}

/** Looks the endpoint up, without addresses of this machine, unless it is written as localhost, and of its network's machinery. */
export function endpointLookup(endpoint: URL): LookupFunction {
  const mayLoop = bareHost(endpoint) === 'localhost';
  return guardedLookup((address) => !isMachinery(address) && (mayLoop || !isLoopback(address)));
}
