import { lookup as dnsLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { PortcullisError } from '../../contracts/errors.ts';
import { isLoopback, isMachinery } from '../lib/address-ranges.ts';

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

const bareHost = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '');

/**
 * A name lookup for one endpoint that refuses answers pointing back into this machine or its network's machinery, so
 * that a rebound DNS name cannot turn the sink against local services. The socket connects to the checked address.
 */
export function guardedLookup(endpoint: URL): LookupFunction {
  const mayLoop = bareHost(endpoint) === 'localhost';
  const allowed = (address: string): boolean => !isMachinery(address) && (mayLoop || !isLoopback(address));
  return (hostname, options: LookupOptions, callback) => {
    dnsLookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error) return callback(error, '');
      const good = addresses.filter((entry) => allowed(entry.address));
      const [first] = good;
      if (first === undefined)
        return callback(new PortcullisError('SINK_UNAVAILABLE', `${hostname} points to a local address.`), '');
      return options.all === true ? callback(null, good) : callback(null, first.address, first.family);
    });
  };
}
