import type { CommandState } from '../../contracts/command.ts';

/**
 * What happens to a command. `hold`: it must wait. `send`: it goes out now. `resend`: it goes out again. `prove`: the
 * device's state or answer shows that it was done. `refuse`: it cannot be done, or the device said no. `silence`: nothing
 * proves that it was done. `late`: its time is over. `withdraw`: nobody wants it any more.
 */
export const commandEvents = ['hold', 'send', 'resend', 'prove', 'refuse', 'silence', 'late', 'withdraw'] as const;
export type CommandEvent = (typeof commandEvents)[number];

/** A command that went out never expires: whether it was done is then the question, not whether it is in time. */
const table: Readonly<Record<CommandState, Partial<Record<CommandEvent, CommandState>>>> = {
  accepted: { hold: 'queued', send: 'sent', refuse: 'failed', late: 'expired', withdraw: 'failed' },
  queued: { send: 'sent', refuse: 'failed', late: 'expired', withdraw: 'failed' },
  sent: { resend: 'sent', prove: 'acked', refuse: 'failed', silence: 'failed' },
  acked: {},
  failed: {},
  expired: {},
};

/** The state after an event; undefined when the event means nothing in this state. */
export function nextState(state: CommandState, event: CommandEvent): CommandState | undefined {
  return table[state][event];
}

export function isFinal(state: CommandState): boolean {
  return Object.keys(table[state]).length === 0;
}

export interface Due {
  readonly state: CommandState;
  readonly idempotent: boolean;
  /** Times that it went out, in this life of the gateway or before. */
  readonly tries: number;
  /** Lived time at which its time is over, and at which it last went out or was found after a start. */
  readonly dueMs: number;
  readonly sentMs: number;
  /** Now may something be sent to the device. */
  readonly reachable: boolean;
}

/** How long a device has for its answer, and how often an idempotent command goes out at most. */
export const answerMs = 5_000;
export const mostTries = 3;

/** What time and the device's presence make of a command; `now` is lived time. */
export function eventAt(command: Due, now: number): CommandEvent | undefined {
  const late = now >= command.dueMs;
  if (command.state === 'sent') {
    if (now - command.sentMs < answerMs) return undefined;
    if (!command.idempotent || late || command.tries >= mostTries) return 'silence';
    return command.reachable ? 'resend' : undefined;
  }
  if (isFinal(command.state)) return undefined;
  if (late) return 'late';
  if (command.reachable) return 'send';
  return command.state === 'accepted' ? 'hold' : undefined;
}
