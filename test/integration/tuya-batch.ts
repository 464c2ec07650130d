import type { Message } from '../../contracts/message.ts';
import type { Batch, BatchItem } from '../../contracts/sink.ts';
import { message } from '../unit/delivery/memory-outlet.ts';

let lsn = 1_000_000;

/** A batch of messages, each with an id that no other one has. */
export function batchOf(...entries: readonly (readonly [device: string, change?: Partial<Message>])[]): Batch {
  const items = entries.map(([device, change]): BatchItem => {
    lsn += 1;
    return { lsn, message: message(lsn, device, change) };
  });
  return { sink: 'tuya', lane: 'normal', items };
}

/** What the registry writes when a device changes. */
export function deviceChange(device: string, value: Record<string, string> | undefined, version = 1): Partial<Message> {
  const op = value === undefined ? 'deleted' : version === 1 ? 'created' : 'updated';
  return { kind: 'change', m: [], change: { subject: 'device', id: device, op, version, ...(value && { value }) } };
}

/** What the commands stage writes when a command of the cloud has ended. */
export function commandResult(
  command: string,
  state: 'acked' | 'failed' | 'expired',
  name = 'switch',
): Partial<Message> {
  return { kind: 'result', m: [], result: { command, name, source: 'cloud', state } };
}

export const availability = (online: boolean): Partial<Message> => ({
  kind: 'availability',
  m: [{ n: 'availability', vb: online }],
});
