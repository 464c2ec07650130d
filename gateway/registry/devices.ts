import { PortcullisError } from '../../contracts/errors.ts';
import type { ActivationOutcome, DeviceEdit, DeviceRecord, NewDevice, Refusal } from '../../contracts/registry.ts';
import { found, roomIn, type Book, type Bounds } from './book.ts';
import { nextLife, type LifeEvent } from './life-cycle.ts';

const unregistered = { profile: undefined, lifeCycle: 'SHADOW', place: undefined, tags: [] } as const;

/** A device of which a message came. Says whether it is new; does nothing without room. */
export function appear(draft: Book, id: string, { maxAppeared }: Bounds): boolean {
  if (draft.devices.get(id) !== undefined || draft.devices.size >= maxAppeared) return false;
  draft.devices.put({ ...unregistered, id, name: nameFrom(id) });
  return true;
}

/** Registers a device before its first message. Throws CONFLICT for a known id. */
export function register(draft: Book, { id, name, profile, place, tags }: NewDevice, bounds: Bounds): DeviceRecord {
  if (draft.devices.get(id) !== undefined) {
    throw new PortcullisError('CONFLICT', `There is a device "${id}" already. Change it instead.`);
  }
  roomIn(draft.devices, bounds.maxDevices, 'devices');
  if (place !== undefined) found(draft.places, 'place', { id: place });
  return draft.devices.put({
    ...unregistered,
    id,
    name: name ?? nameFrom(id),
    profile,
    place,
    tags: [...new Set(tags)],
  });
}

/** Changes labels and place. A refused device whose name or profile changes gets another try at the cloud. */
export function editDevice(draft: Book, edit: DeviceEdit): DeviceRecord {
  const before = living(draft, edit);
  const after = {
    ...before,
    name: edit.name ?? before.name,
    profile: edit.profile === undefined ? before.profile : (edit.profile ?? undefined),
    place: edit.place === undefined ? before.place : (edit.place ?? undefined),
    tags: edit.tags === undefined ? before.tags : [...new Set(edit.tags)],
    user: edit.user === undefined ? before.user : (edit.user ?? undefined),
  };
  if (isSame(before, after)) return before;
  if (after.place !== undefined && after.place !== before.place) found(draft.places, 'place', { id: after.place });
  const told = after.name !== before.name || after.profile !== before.profile;
  return draft.devices.put(told ? lived(after, 'retried') : after);
}

/** What the cloud said. Undefined when that changes nothing. */
export function activate(draft: Book, id: string, outcome: ActivationOutcome): DeviceRecord | undefined {
  const before = draft.devices.get(id);
  const lifeCycle = before && nextLife(before.lifeCycle, outcome.is);
  if (before === undefined || lifeCycle === undefined) return undefined;
  const { refusal: _, ...rest } = before;
  const after: DeviceRecord =
    outcome.is === 'activated'
      ? { ...rest, lifeCycle, cloudId: outcome.cloudId }
      : { ...rest, lifeCycle, refusal: refusalOf(outcome) };
  const same = before.lifeCycle === lifeCycle && before.cloudId === after.cloudId;
  if (same && before.refusal?.code === after.refusal?.code && before.refusal?.reason === after.refusal?.reason)
    return undefined;
  return draft.devices.put(after);
}

/** Another try at the cloud. Throws COMMAND_INVALID for a device that was not refused. */
export function retry(draft: Book, wanted: Wanted): DeviceRecord {
  const before = living(draft, wanted);
  if (nextLife(before.lifeCycle, 'retried') !== undefined) return draft.devices.put(lived(before, 'retried'));
  throw new PortcullisError('COMMAND_INVALID', `The device "${before.id}" was not refused: it is ${before.lifeCycle}.`);
}

/** The end of a device's life; a second time changes nothing. */
export function decommission(draft: Book, wanted: Wanted): DeviceRecord {
  const before = found(draft.devices, 'device', wanted);
  const after = lived(before, 'decommissioned');
  return after === before ? before : draft.devices.put(after);
}

/** New hardware `by` takes over place, name, profile and tags of a device, which is decommissioned. */
export function replace(
  draft: Book,
  { by, ...wanted }: Wanted & { readonly by: string },
  bounds: Bounds,
): DeviceRecord {
  const old = living(draft, wanted);
  if (by === old.id) throw new PortcullisError('COMMAND_INVALID', 'A device cannot replace itself.');
  const known = draft.devices.get(by);
  if (known === undefined) roomIn(draft.devices, bounds.maxDevices, 'devices');
  else living(draft, { id: by });
  const { name, profile, place, tags } = old;
  draft.devices.put({ ...lived(old, 'decommissioned'), replacedBy: by });
  const successor = lived({ ...(known ?? { ...unregistered, id: by, version: 0 }), name }, 'retried');
  return draft.devices.put({ ...successor, profile, place, tags, replaces: old.id });
}

/**
 * A device that was booked under another id until it told who it is. It is one device with one life, so nothing is
 * decommissioned: what was said of it by hand and its credentials go along, and the first id is no device any more.
 */
export function recognise(draft: Book, { id, formerly }: Recognised): void {
  const [old, now] = [draft.devices.get(formerly), draft.devices.get(id)];
  if (old === undefined || now === undefined || id === formerly) return;
  if (old.lifeCycle === 'DECOMMISSIONED' || now.lifeCycle === 'DECOMMISSIONED') return;
  draft.devices.put({
    ...now,
    name: now.name === id && old.name !== formerly ? old.name : now.name,
    profile: now.profile ?? old.profile,
    place: now.place ?? old.place,
    tags: now.tags.length > 0 ? now.tags : old.tags,
    user: now.user ?? old.user,
    replaces: formerly,
  });
  draft.devices.delete(formerly);
}

/** `formerly`: the id that its readings had before. */
export interface Recognised {
  readonly id: string;
  readonly formerly: string;
}

/** Notes with which credentials a device connects, also of one whose credentials have just ended. */
export function linkUser(draft: Book, { id, user }: { id: string; user: string | undefined }): DeviceRecord {
  const before = user === undefined ? found(draft.devices, 'device', { id }) : living(draft, { id });
  return before.user === user ? before : draft.devices.put({ ...before, user });
}

/**
 * Takes a device out of the registry. When it sends again it appears anew, with higher versions. Throws CONFLICT while
 * it has credentials: nothing would remember to end them.
 */
export function removeDevice(draft: Book, wanted: Wanted): DeviceRecord {
  const device = found(draft.devices, 'device', wanted);
  if (device.user !== undefined) {
    throw new PortcullisError('CONFLICT', `The device "${device.id}" has credentials. Decommission it first.`);
  }
  draft.devices.delete(device.id);
  return device;
}

/** An id may hold anything that came in a payload; a name is shown. */
const nameFrom = (id: string): string => id.replaceAll(/\p{C}/gu, '?').slice(0, 128);

interface Wanted {
  readonly id: string;
  readonly version?: number | undefined;
}

/** Throws NOT_FOUND, CONFLICT, or COMMAND_INVALID for a device that was decommissioned. */
export function living(draft: Book, wanted: Wanted): DeviceRecord {
  const device = found(draft.devices, 'device', wanted);
  if (device.lifeCycle !== 'DECOMMISSIONED') return device;
  throw new PortcullisError(
    'COMMAND_INVALID',
    `The device "${device.id}" is decommissioned. Remove it, and it can come again.`,
  );
}

/** The device after an event of its life, or itself when the event changes nothing. */
function lived(device: DeviceRecord, event: LifeEvent): DeviceRecord {
  const lifeCycle = nextLife(device.lifeCycle, event);
  if (lifeCycle === undefined) return device;
  const { refusal: _, ...rest } = device;
  return { ...rest, lifeCycle };
}

function refusalOf({ code, reason, suggestion }: Refusal): Refusal {
  return { code: code.slice(0, 64), reason: reason.slice(0, 512), suggestion: suggestion.slice(0, 512) };
}

function isSame(one: DeviceRecord, other: DeviceRecord): boolean {
  const tags = one.tags.length === other.tags.length && one.tags.every((tag, at) => tag === other.tags[at]);
  return (
    tags &&
    one.user === other.user &&
    one.name === other.name &&
    one.profile === other.profile &&
    one.place === other.place
  );
}
