import type { CloudDevice } from './devices.ts';
import { fail, ok } from './reply.ts';
import type { Reply } from './reply.ts';
import type { Call, CloudState } from './state.ts';

/** One call about one device with the ids that stand for it. */
export interface Arrival {
  readonly device: CloudDevice;
  readonly keys: readonly string[];
  readonly summary: string;
  readonly apply: () => void;
}

/**
 * Applies a call unless all its keys were seen for this device; a coalesced call that brings one new key applies,
 * since values are absolute. Every key is counted once per arrival.
 */
export function takeArrival(arrival: Arrival, state: CloudState, now: number): Reply {
  const { device, keys, summary } = arrival;
  const fresh = keys.filter((key) => state.repeats === 'apply' || !state.received.has(device.id, key));
  const isRepeat = keys.length > 0 && fresh.length === 0;
  if (!isRepeat) arrival.apply();
  const taken = new Set(fresh);
  for (const key of keys) {
    state.received.count({ device: device.id, key, summary, effect: taken.delete(key), now });
  }
  return isRepeat && state.repeats === 'refuse' ? fail(1113) : ok();
}

/** The ids that a call stands for: those in the header, else its `msg_id`. */
export const keysOf = (call: Call, id: string | undefined): readonly string[] => {
  if (call.keys.length > 0) return call.keys;
  return id === undefined ? [] : [id];
};
