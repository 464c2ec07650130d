import { BlockList, isIP } from 'node:net';

/** An endpoint as a contract spells it: `host:port`, or the parts by name. */
type Written =
  | string
  | {
      readonly host: string;
      readonly port?: number | string | undefined;
      readonly proto?: string | undefined;
    };

/** One network endpoint of a grant; the host is a name, `*.name`, an address, a subnet or `*`. `ports` undefined: every port. */
export interface Endpoint {
  readonly host: string;
  readonly ports?: { readonly from: number; readonly to: number } | undefined;
  readonly proto?: string | undefined;
}

/** Reads both forms: `10.0.0.5:502`, `[fe80::1]:502`, or host, port and protocol by name. */
export function endpointOf(written: Written): Endpoint {
  if (typeof written === 'string') {
    const cut = written.lastIndexOf(':');
    const host = written.slice(0, cut).replace(/^\[|\]$/g, '');
    return { host: host.toLowerCase(), ports: portsOf(written.slice(cut + 1)) };
  }
  const ports = written.port === undefined ? undefined : portsOf(String(written.port));
  return { host: written.host.toLowerCase(), ports, proto: written.proto };
}

function portsOf(text: string): Endpoint['ports'] {
  if (text === '*') return undefined;
  const [from = 0, to = from] = text.split('-').map(Number);
  return { from, to };
}

export function endpointText({ host, ports, proto }: Endpoint): string {
  const port = ports === undefined ? '*' : ports.from === ports.to ? String(ports.from) : `${ports.from}-${ports.to}`;
  return `${proto === undefined ? '' : `${proto} `}${host}:${port}`;
}

/** Whether everything that `inner` reaches is reached by `outer` as well. */
export function coversEndpoint(outer: Endpoint, inner: Endpoint): boolean {
  if (outer.proto !== undefined && outer.proto !== inner.proto) return false;
  if (outer.ports) {
    if (!inner.ports || inner.ports.from < outer.ports.from || inner.ports.to > outer.ports.to) return false;
  }
  return coversHost(outer.host, inner.host);
}

/** Whether the names and addresses of `inner` lie within `outer`. */
export function coversHost(outer: string, inner: string): boolean {
  if (outer === '*' || outer === inner) return true;
  if (outer.startsWith('*.')) return inner.replace(/^\*\./, '').endsWith(outer.slice(1)) && inner !== outer.slice(2);
  const net = subnet(outer);
  const wanted = subnet(inner);
  if (!net || !wanted || net.family !== wanted.family || wanted.bits < net.bits) return false;
  const list = new BlockList();
  list.addSubnet(net.address, net.bits, net.family);
  return list.check(wanted.address, wanted.family);
}

/** An address, or a subnet in CIDR notation. */
export function subnet(text: string): { address: string; bits: number; family: 'ipv4' | 'ipv6' } | undefined {
  const [address = '', bits] = text.split('/');
  const version = isIP(address);
  if (version === 0) return undefined;
  const all = version === 4 ? 32 : 128;
  const length = bits === undefined ? all : Number(bits);
  if (!Number.isInteger(length) || length < 0 || length > all) return undefined;
  return { address, bits: length, family: version === 4 ? 'ipv4' : 'ipv6' };
}
