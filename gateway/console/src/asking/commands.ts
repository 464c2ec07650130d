import { ask } from './ask.ts';

export interface Command {
  readonly id: string;
  readonly device: string;
  readonly name: string;
  readonly source: string;
  readonly origin?: string;
  readonly state: 'accepted' | 'queued' | 'sent' | 'acked' | 'failed' | 'expired';
  readonly code?: string;
  readonly detail?: string;
}

const tries = 3;
const lookEveryMs = 500;
const ends = new Set(['acked', 'failed', 'expired']);
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, lookEveryMs));

/** Without a certificate a page has no `crypto.randomUUID`. */
export function freshId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `console-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** A request whose answer is lost is sent again: the same id is done once. */
async function submit(body: object): Promise<Command> {
  for (let left = tries - 1; ; left--) {
    try {
      return await ask<Command>('/api/v1/commands', { method: 'POST', body });
    } catch (error) {
      if (left === 0 || (error as Error).name === 'Refused') throw error;
      await pause();
    }
  }
}

/** Sends a command and follows it to its end; `tell` hears each state. Rejects with the gateway's reason unless it was done. */
export async function command(
  device: string,
  name: string,
  args: object,
  tell: (state: Command['state']) => void,
): Promise<void> {
  let status = await submit({ id: freshId(), device, name, args });
  while (!ends.has(status.state)) {
    tell(status.state);
    await pause();
    status = await ask<Command>(`/api/v1/commands/${encodeURIComponent(status.id)}`);
  }
  tell(status.state);
  if (status.state !== 'acked') throw new Error(status.detail ?? `It was not done: ${status.state}.`);
}

export const stateTexts: Readonly<Record<Command['state'], string>> = {
  accepted: 'Taken',
  queued: 'Waits for the device',
  sent: 'On its way',
  acked: 'Done',
  failed: 'Not done',
  expired: 'Too late, not done',
};
