import { BlockList, isIP } from 'node:net';

type Ranges = readonly (readonly [address: string, bits: number])[];

/** Never a far side: this network's own machinery, cloud metadata (169.254.169.254), groups, "any". */
const machinery: Ranges = [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 3],
  ['::', 128],
  ['fe80::', 10],
  ['ff00::', 8],
];
const loopback: Ranges = [
  ['127.0.0.0', 8],
  ['::1', 128],
];
/** What else is not reached over the public internet (IANA special-purpose address registries). */
const notGlobal: Ranges = [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

const machineryList = listOf(machinery);
const loopbackList = listOf(loopback);
const specialList = listOf([...machinery, ...loopback, ...notGlobal]);
/** All of IPv6 that is routed today; translated and mapped forms of IPv4 addresses lie outside of it. */
const globalUnicast = listOf([['2000::', 3]]);

function listOf(ranges: Ranges): BlockList {
  const list = new BlockList();
  for (const [address, bits] of ranges) list.addSubnet(address, bits, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  return list;
}

const within = (list: BlockList, address: string): boolean =>
  list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** Link-local, metadata, group and "any" addresses. */
export const isMachinery = (address: string): boolean => within(machineryList, address);

export const isLoopback = (address: string): boolean => within(loopbackList, address);

/** Whether this is an address of the public internet: neither private nor of this machine nor with a special meaning. */
export function isPublic(address: string): boolean {
  const version = isIP(address);
  if (version === 0 || within(specialList, address)) return false;
  return version === 4 || within(globalUnicast, address);
}
