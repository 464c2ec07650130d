import { lookup as dnsLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { PortcullisError } from '../../contracts/errors.ts';

/** The host of a URL without the brackets around an IPv6 address. */
export const bareHost = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '');

/**
 * A name lookup that leaves out addresses that are not allowed, so that a rebound DNS name cannot turn a client against
 * local services. The socket connects to the checked address.
 */
export function guardedLookup(isAllowed: (address: string) => boolean): LookupFunction {
  return (hostname, options: LookupOptions, callback) => {
    dnsLookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error) return callback(error, '');
      const good = addresses.filter((entry) => isAllowed(entry.address));
      const [first] = good;
      if (first === undefined)
        return callback(new PortcullisError('SINK_UNAVAILABLE', `${hostname} points to a local address.`), '');
      return options.all === true ? callback(null, good) : callback(null, first.address, first.family);
    });
  };
}
