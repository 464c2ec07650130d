import { Command } from 'commander';
import type { DeadLetterFacts, DeadLetterGroup } from '../../contracts/dead-letters.ts';
import { counted } from '../lib/counted.ts';
import { call, gatewayCommand, json, listed, print, type GatewayOptions } from './call-gateway.ts';
import { wholeNumber } from './number.ts';

const route = '/api/v1/dead-letters';

interface Chosen extends GatewayOptions {
  readonly code?: string;
  readonly plugin?: string;
  readonly device?: string;
}

interface Letter extends DeadLetterFacts {
  readonly replayable: boolean;
}

interface Replayed {
  readonly taken: number;
  readonly stored: number;
  readonly filtered: number;
  readonly refusedAgain: number;
  readonly more: boolean;
}

/** `portcullis dead-letters`: what could not be used and why, and another try. Talks to the running gateway. */
export function deadLettersCommand(): Command {
  const letters = new Command('dead-letters').description(
    'Show messages that could not be used; take them again when the cause is mended.',
  );
  gatewayCommand(letters, 'reasons', 'Show how many there are of each reason.').action(
    async (options: GatewayOptions) =>
      print(await call<{ reasons: DeadLetterGroup[] }>(options, 'GET', `${route}/reasons`), options, ({ reasons }) =>
        listed(reasons.map(reasonCells)),
      ),
  );
  choosing(gatewayCommand(letters, 'list', 'Show them, the newest first.'))
    .option('--limit <n>', 'at most so many', wholeNumber({ min: 1, max: 1_000 }), 50)
    .action(async ({ limit, ...options }: Chosen & { limit: number }) => {
      const query = new URLSearchParams({ ...choiceOf(options), limit: String(limit) });
      const answer = await call<{ deadLetters: Letter[] }>(options, 'GET', `${route}?${query.toString()}`);
      print(answer, options, ({ deadLetters }) => listed(deadLetters.map(letterCells)));
    });
  choosing(
    gatewayCommand(letters, 'replay', 'Take them again, as they came. Exit 1 when some were refused again.'),
  ).action(replay);
  return letters;
}

const choosing = (command: Command): Command =>
  command
    .option('--code <reason>', 'only those of a reason')
    .option('--plugin <name>', 'only those of a plugin')
    .option('--device <id>', 'only those of a device');

const choiceOf = ({ code, plugin, device }: Chosen): Record<string, string> => ({
  ...(code !== undefined && { code }),
  ...(plugin !== undefined && { plugin }),
  ...(device !== undefined && { device }),
});

async function replay(options: Chosen): Promise<void> {
  const sum = { taken: 0, stored: 0, filtered: 0, refusedAgain: 0 };
  let more = true;
  // What is refused again is a letter of its own: so many calls as there are thousands now.
  while (more) {
    const answer = await call<Replayed>(options, 'POST', `${route}/replay`, json(choiceOf(options)));
    for (const key of ['taken', 'stored', 'filtered', 'refusedAgain'] as const) sum[key] += answer[key];
    more = answer.more && answer.refusedAgain < answer.taken;
  }
  const { taken, stored, filtered, refusedAgain } = sum;
  print(
    sum,
    options,
    () =>
      `${counted(taken, 'message')} ${were(taken)} taken again: ${counted(stored, 'record')} stored, ${filtered} filtered, ${counted(refusedAgain, 'message')} refused again.`,
  );
  if (refusedAgain > 0) process.exitCode = 1;
}

const were = (n: number): string => (n === 1 ? 'was' : 'were');

const reasonCells = ({ sink, plugin, code, n, replayable, replayed }: DeadLetterGroup): string[] => [
  String(n),
  code,
  plugin === '' ? 'no plugin' : plugin,
  ...(sink === '' ? [] : [`sink ${sink}`]),
  `${replayable} can be taken again`,
  ...(replayed === 0 ? [] : [`${replayed} ${were(replayed)}`]),
];

const letterCells = ({ id, receivedAt, device, topic, code, detail, replayable, replayedAt }: Letter): string[] => [
  String(id),
  new Date(receivedAt).toISOString(),
  device,
  topic,
  code,
  replayedAt === null ? (replayable ? 'can be taken again' : 'kept as a sample') : 'taken again',
  detail,
];
