import { commandStates, type CommandPort, type CommandState } from '../../../contracts/command.ts';
import { otherParts, outcomeOf, type CommandAnswer } from './command-answer.ts';

const final: ReadonlySet<CommandState> = new Set(commandStates.slice(-3));

/**
 * The answer for the whole command of the cloud, once all its parts are final; the last part to end speaks for all.
 * Undefined while another part is under way. A part that nobody remembers was never kept, and counts as failed.
 */
export async function isWhole(
  answer: CommandAnswer,
  commands: Pick<CommandPort, 'status'> | undefined,
): Promise<CommandAnswer | undefined> {
  let failure: ReturnType<typeof outcomeOf> | undefined;
  for (const id of otherParts(answer)) {
    const status = await commands?.status(id);
    if (status !== undefined && !final.has(status.state)) return undefined;
    const other = outcomeOf(status ?? { state: 'failed', detail: 'a part of the command was not kept' });
    if (!other.success) failure ??= other;
  }
  return failure !== undefined && answer.success ? { ...answer, ...failure } : answer;
}
