import type { Append, Entry } from '../../contracts/pipeline.ts';
import { formerlyKey } from '../../contracts/plugin.ts';
import { tell } from '../observability/channels.ts';
import type { Clock } from '../lib/clock.ts';
import type { Recognised } from './devices.ts';

/** New devices that may appear by themselves: at once, and per second from then on. A flood has no end of ids. */
const burst = 2_000;
const perSecond = 100;

export interface AppearingParts {
  readonly clock: Clock;
  readonly isKnown: (device: string) => boolean;
  /** False while no more may appear. */
  readonly hasRoom: () => boolean;
  /** Makes the devices, in one edit. */
  readonly appear: (devices: readonly string[]) => Promise<void>;
  /** Makes one device of two, after both are there. */
  readonly recognise: (device: Recognised) => Promise<void>;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Lets devices appear by their first message. The message goes its way first, so that order and pace are those of
 * ingest; its acknowledgement waits until its device is in the registry, or could not be. A crash in between leaves a
 * message whose device comes with the next one. Known devices cost one look-up.
 */
export function watchForDevices(append: Append, parts: AppearingParts): Append {
  const pending = new Set<string>();
  let next: { readonly devices: string[]; readonly made: Promise<void> } | undefined;
  const mayPass = pace(parts.clock);

  const gather = (devices: readonly string[]): Promise<void> => {
    if (next === undefined) {
      const gathered: string[] = [];
      // Devices of the same moment share one edit.
      const made = Promise.resolve().then(async () => {
        next = undefined;
        try {
          await parts.appear(gathered);
        } catch (error) {
          parts.onFailure(error);
        } finally {
          for (const device of gathered) pending.delete(device);
        }
      });
      next = { devices: gathered, made };
    }
    next.devices.push(...devices);
    return next.made;
  };
  const isNew = (device: string): boolean => {
    if (parts.isKnown(device) || pending.has(device)) return false;
    if (parts.hasRoom() && mayPass()) return true;
    tell('dropped', { stage: 'registry', reason: 'unknown-device', count: 1 });
    return false;
  };
  const newIn = ({ measurements }: Entry): string[] => {
    const devices: string[] = [];
    for (const one of measurements) {
      const device = 'text' in one ? one.device : one.dev.id;
      if (!isNew(device)) continue;
      pending.add(device);
      devices.push(device);
    }
    return devices;
  };

  return (entry) => {
    const devices = newIn(entry);
    const recognised = recognisedIn(entry, (device) => parts.isKnown(device) || pending.has(device));
    const stored = append(entry);
    if (devices.length + recognised.length === 0) return stored;
    return stored.then(
      async () => {
        if (devices.length > 0) await gather(devices);
        for (const device of recognised) await parts.recognise(device).catch(parts.onFailure);
      },
      (error: unknown) => {
        for (const device of devices) pending.delete(device);
        throw error;
      },
    );
  };
}

/**
 * Registrations that say what their device was called before. Those that taught their plugin something are no text yet;
 * one that only repeats what is known changes nothing here either.
 */
function recognisedIn({ measurements }: Entry, isKnown: (device: string) => boolean): readonly Recognised[] {
  const found: Recognised[] = [];
  for (const one of measurements) {
    if ('text' in one || one.kind !== 'registration') continue;
    const formerly = one.meta?.[formerlyKey];
    if (typeof formerly === 'string' && isKnown(formerly)) found.push({ id: one.dev.id, formerly });
  }
  return found;
}

/** A bucket of tokens in monotonic time. */
function pace(clock: Clock): () => boolean {
  let tokens = burst;
  let at = clock.monoMs();
  return () => {
    const now = clock.monoMs();
    tokens = Math.min(burst, tokens + ((now - at) * perSecond) / 1_000);
    at = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}
