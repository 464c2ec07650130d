import type { Scope } from '../../../contracts/rule.ts';
import type { Where } from '../../../contracts/rule-condition.ts';
import { wordsOfClass } from '../../../contracts/rule-words.ts';

/** A place that a device stands in, from the building to the room. */
export interface PlaceFacts {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly path: string;
}

/** What the registry knows of a device, as far as it can be chosen by it. */
export interface DeviceFacts {
  readonly id: string;
  readonly name: string;
  readonly profile: string | undefined;
  readonly tags: readonly string[];
  readonly places: readonly PlaceFacts[];
}

export interface Devices {
  facts(device: string): DeviceFacts | undefined;
  /** Every device at work, in a fixed order. */
  all(): Iterable<DeviceFacts>;
  /** Whether a device reported one of the words. */
  reports(device: string, words: readonly string[]): boolean;
  /** The registry changed: what was remembered of one device, or of all, is read again. */
  refresh(device: string | undefined): void;
}

export const houseScope = 'house';

/** What a device belongs to when a rule is looked at per `scope`; undefined where it stands in none. */
export function scopeOf(facts: DeviceFacts, per: Scope): string | undefined {
  if (per === 'house') return houseScope;
  if (per === 'device') return facts.id;
  return facts.places.find(({ kind }) => kind === per)?.id;
}

/** Whether a device is chosen. Its class can change with each message, so it is asked anew. */
export function isChosen(where: Where | undefined, facts: DeviceFacts, devices: Pick<Devices, 'reports'>): boolean {
  return fits(where, facts) && isOfClass(where, facts, devices);
}

/** All of `isChosen` but the class. */
export function fits(where: Where | undefined, { id, profile, tags, places }: DeviceFacts): boolean {
  if (where === undefined) return true;
  const [device, place, wanted, tag] = [where.device, where.place, where.profile, where.tag].map(listOf);
  if (device !== undefined && !device.includes(id)) return false;
  if (wanted !== undefined && (profile === undefined || !wanted.includes(profile))) return false;
  if (tag !== undefined && !tag.some((one) => tags.includes(one))) return false;
  if (listOf(where.without)?.some((one) => tags.includes(one))) return false;
  return place === undefined || places.some((one) => [one.id, one.name, one.path].some((name) => place.includes(name)));
}

export function isOfClass(
  where: Where | undefined,
  { id, tags }: DeviceFacts,
  { reports }: Pick<Devices, 'reports'>,
): boolean {
  const classes = listOf(where?.class);
  return classes === undefined || classes.some((one) => tags.includes(one) || reports(id, wordsOfClass(one)));
}

export const listOf = <Item>(value: Item | readonly Item[] | undefined): readonly Item[] | undefined =>
  value === undefined ? undefined : Array.isArray(value) ? (value as readonly Item[]) : [value as Item];
