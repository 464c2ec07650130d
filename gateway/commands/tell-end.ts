import { tell } from '../observability/channels.ts';
import type { Command } from './tables.ts';

/** From this priority on somebody must know when a command was not done: a valve that closes, an alarm that is silenced. */
const urgent = 8;

/** Counts the end of a command. One alarm per device, until a command is done there again. */
export function tellEnd({ device, name, priority, source, state, code, detail = '' }: Command): void {
  tell('commanded', { source, state, code: code ?? '' });
  const done = state === 'acked';
  if (!done && priority < urgent) return;
  const sentence = done ? 'A command was done again.' : `${name} for ${device} ended as ${state}. ${detail}`.trim();
  tell('alarm', { code: 'COMMAND_NOT_DONE', subject: device, active: !done, detail: sentence });
}
