import { coversEndpoint, endpointOf, endpointText } from '../../lib/endpoint.ts';
import type { Endpoint } from '../../lib/endpoint.ts';
import { coversFilter } from '../../lib/topic-filter.ts';
import type { PermissionsRule } from '../language/grammar-grants.ts';

type Serial = NonNullable<PermissionsRule['serial']>[number];
type Gpio = NonNullable<PermissionsRule['gpio']>[number];
export type ProcessPower = keyof NonNullable<PermissionsRule['process']>;

/** One thing that is asked for, at `path`. The kind decides how it is compared and who enforces it. */
export type Item = { readonly path: string } & (
  | { readonly kind: 'outbound' | 'inbound'; readonly endpoint: Endpoint }
  | { readonly kind: 'publish' | 'subscribe'; readonly filter: string }
  | { readonly kind: 'maxPayload'; readonly bytes: number }
  | { readonly kind: 'retain' }
  | { readonly kind: 'serial'; readonly port: Serial }
  | { readonly kind: 'gpio'; readonly pins: Gpio }
  | { readonly kind: 'bluetooth'; readonly service?: string | undefined; readonly address?: string | undefined }
  | { readonly kind: 'read'; readonly folder: string }
  | { readonly kind: 'write'; readonly folder: string; readonly quota?: number | undefined }
  | { readonly kind: 'process'; readonly power: ProcessPower }
);

/** Everything that a permissions section asks for, item by item. What is denied or empty asks for nothing. */
export function itemsOf(rule: PermissionsRule, at = 'permissions'): readonly Item[] {
  const { network, mqtt, fs } = rule;
  const items: Item[] = [];
  for (const kind of ['outbound', 'inbound'] as const) {
    network?.[kind]?.forEach((one, i) =>
      items.push({ kind, endpoint: endpointOf(one), path: `${at}.network.${kind}[${i}]` }),
    );
  }
  for (const kind of ['publish', 'subscribe'] as const) {
    mqtt?.[kind]?.forEach((filter, i) => items.push({ kind, filter, path: `${at}.mqtt.${kind}[${i}]` }));
  }
  if (mqtt?.maxPayload !== undefined)
    items.push({ kind: 'maxPayload', bytes: mqtt.maxPayload, path: `${at}.mqtt.maxPayload` });
  if (mqtt?.retain === 'allow') items.push({ kind: 'retain', path: `${at}.mqtt.retain` });
  rule.serial?.forEach((port, i) => items.push({ kind: 'serial', port, path: `${at}.serial[${i}]` }));
  rule.gpio?.forEach((pins, i) => items.push({ kind: 'gpio', pins, path: `${at}.gpio[${i}]` }));
  rule.bluetooth?.forEach((one, i) => items.push({ kind: 'bluetooth', ...one, path: `${at}.bluetooth[${i}]` }));
  fs?.read?.forEach((folder, i) => items.push({ kind: 'read', folder, path: `${at}.fs.read[${i}]` }));
  fs?.write?.forEach((one, i) => {
    const path = `${at}.fs.write[${i}]`;
    items.push(
      typeof one === 'string'
        ? { kind: 'write', folder: one, path }
        : { kind: 'write', folder: one.path, quota: one.quota, path },
    );
  });
  for (const [power, word] of Object.entries(rule.process ?? {})) {
    if (word === 'allow') items.push({ kind: 'process', power: power as ProcessPower, path: `${at}.process.${power}` });
  }
  return items;
}

/** What an item asks for, in words for a report. */
export function itemText(item: Item): string {
  switch (item.kind) {
    case 'outbound':
    case 'inbound':
      return `network ${item.kind} ${endpointText(item.endpoint)}`;
    case 'publish':
    case 'subscribe':
      return `mqtt ${item.kind} ${item.filter}`;
    case 'maxPayload':
      return `mqtt payloads up to ${item.bytes} bytes`;
    case 'retain':
      return 'mqtt retained messages';
    case 'serial':
      return `serial ${item.port.match.path ?? `${item.port.match.vid ?? '*'}:${item.port.match.pid ?? '*'}`}`;
    case 'gpio':
      return `gpio ${item.pins.chip} lines ${item.pins.lines.join(', ')}`;
    case 'bluetooth':
      return `bluetooth ${item.address ?? item.service ?? '*'}`;
    case 'read':
    case 'write':
      return `fs ${item.kind} ${item.folder}`;
    default:
      return `process ${item.power}`;
  }
}

/** Whether what `inner` asks for lies within what `outer` grants. */
export function coversItem(outer: Item, inner: Item): boolean {
  switch (inner.kind) {
    case 'outbound':
    case 'inbound':
      return outer.kind === inner.kind && coversEndpoint(outer.endpoint, inner.endpoint);
    case 'publish':
    case 'subscribe':
      return outer.kind === inner.kind && coversFilter(outer.filter, inner.filter);
    case 'maxPayload':
      return outer.kind === 'maxPayload' && inner.bytes <= outer.bytes;
    case 'retain':
      return outer.kind === 'retain';
    case 'serial':
      return outer.kind === 'serial' && coversSerial(outer.port, inner.port);
    case 'gpio':
      return outer.kind === 'gpio' && coversPins(outer.pins, inner.pins);
    case 'bluetooth':
      return outer.kind === 'bluetooth' && within(outer.service, inner.service) && within(outer.address, inner.address);
    case 'read':
      return (outer.kind === 'read' || outer.kind === 'write') && insideFolder(outer.folder, inner.folder);
    case 'write':
      return (
        outer.kind === 'write' &&
        insideFolder(outer.folder, inner.folder) &&
        (inner.quota ?? Infinity) <= (outer.quota ?? Infinity)
      );
    default:
      return outer.kind === 'process' && outer.power === inner.power;
  }
}

const within = (granted: string | undefined, asked: string | undefined): boolean =>
  granted === undefined || granted.toLowerCase() === asked?.toLowerCase();

function coversSerial(outer: Serial, inner: Serial): boolean {
  const { vid, pid, path } = outer.match;
  const baud = outer.baud === undefined || (inner.baud?.every((rate) => outer.baud?.includes(rate) === true) ?? false);
  return (
    baud &&
    within(vid, inner.match.vid) &&
    within(pid, inner.match.pid) &&
    (path === undefined || path === inner.match.path)
  );
}

function coversPins(outer: Gpio, inner: Gpio): boolean {
  const direction = outer.direction ?? 'both';
  const fits = direction === 'both' || direction === (inner.direction ?? 'both');
  return fits && outer.chip === inner.chip && inner.lines.every((line) => outer.lines.includes(line));
}

/** Folders are compared as written, with `package:` and `data:` as roots of their own; `..` is inside nothing. */
function insideFolder(outer: string, inner: string): boolean {
  if (inner.split(/[:/\\]/).includes('..')) return false;
  const folder = outer.endsWith('/') || outer.endsWith(':') ? outer : `${outer}/`;
  return inner === outer || inner.startsWith(folder);
}
