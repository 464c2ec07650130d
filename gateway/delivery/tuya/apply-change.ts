import type { DeviceChange } from './device-change.ts';
import type { DeviceBook } from './devices.ts';
import type { Call } from './client.ts';
import type { Answer } from './envelope.ts';
import { renameCall, takeOut } from './registration.ts';
import { deviceName } from './third-id.ts';

interface Place {
  readonly book: DeviceBook;
  readonly gateway: string;
  readonly device: string;
  readonly signal: AbortSignal;
  readonly call: (call: Call) => Promise<Answer>;
}

const done: Answer = { ok: true, result: true };

/**
 * Brings one change in the registry to the cloud: a new device is registered, a new name told, a device that is no
 * longer there removed. A lost answer is harmless: each is asked again and comes to the same.
 */
export async function applyChange(change: DeviceChange, place: Place): Promise<Answer> {
  return change.is === 'removed' ? remove(place) : keep(change, place);
}

async function remove({ book, gateway, device, call }: Place): Promise<Answer> {
  const known = await book.find(gateway, device);
  const answer = known.state === 'ACTIVATED' ? await takeOut(known.cloudId, call) : done;
  if (answer.ok) await book.removed(gateway, device);
  return answer;
}

async function keep(change: DeviceChange & { is: 'kept' }, place: Place): Promise<Answer> {
  const { book, gateway, device, signal, call } = place;
  const before = await book.find(gateway, device);
  if (change.again && (before.state === 'REJECTED' || before.state === 'REMOVED')) await book.forget(gateway, device);
  const admission = await book.admit(gateway, device, signal);
  if (admission.is === 'wait') return admission.refusal;
  const known = await book.find(gateway, device);
  const name = change.name === undefined ? undefined : deviceName(change.name);
  if (known.state !== 'ACTIVATED' || name === undefined || name === known.name) return done;
  const answer = await call(renameCall(known.cloudId, name));
  if (answer.ok) await book.renamed(device, known, name);
  return answer;
}
