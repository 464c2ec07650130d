import { createHash } from 'node:crypto';
import type { NewCommand } from '../../contracts/command.ts';
import { commandWords } from '../../contracts/command-words.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import { settableWords, twinWord, type TwinValue } from '../../contracts/twin-words.ts';
import { wordOf, type Twin } from './twin.ts';

/** A command, and the metrics that it brings to their values. */
export interface Plan extends Pick<NewCommand, 'name' | 'args'> {
  readonly metrics: readonly string[];
}

/** The fewest commands for some metrics: what a light can take together goes together. */
export function plansFor(wanted: ReadonlyMap<string, TwinValue>): Plan[] {
  const byEndpoint = Map.groupBy(wanted, ([metric]) => endpointOf(metric));
  return [...byEndpoint].flatMap(([ep, metrics]) => {
    const open = new Map(metrics.map(([metric, value]) => [wordOf(metric), [metric, value] as const]));
    const plans: Plan[] = [];
    for (const [name, words] of Object.entries(commandWords)) {
      // A switch alone is no light.
      if (name === 'light' && ![...open.keys()].some((word) => word.startsWith('light.'))) continue;
      const taken = Object.entries(words).flatMap(([arg, word]) => {
        const one = open.get(word);
        open.delete(word);
        return one === undefined ? [] : [[arg, ...one] as const];
      });
      if (taken.length === 0) continue;
      const args = Object.fromEntries(taken.map(([arg, , value]) => [arg, value]));
      plans.push({
        name,
        args: { ...args, ...(ep !== undefined && { ep }) },
        metrics: taken.map(([, metric]) => metric),
      });
    }
    return plans;
  });
}

/** What a command brings to which value, with the argument that says so; empty for one that only its plugin understands. */
export function wantedBy({
  name,
  args,
}: Pick<NewCommand, 'name' | 'args'>): [metric: string, TwinValue, arg: string][] {
  const words = Object.hasOwn(commandWords, name) ? commandWords[name] : undefined;
  const ep = args['ep'];
  return Object.entries(words ?? {}).flatMap(([arg, word]): [string, TwinValue, string][] => {
    const value = args[arg];
    if (typeof value !== twinWord(word)?.type) return [];
    return [[typeof ep === 'string' ? `${word}@${ep}` : word, value as TwinValue, arg]];
  });
}

function endpointOf(metric: string): string | undefined {
  const word = wordOf(metric);
  return word === metric ? undefined : metric.slice(word.length + 1);
}

/**
 * The metric that is meant: a word without endpoint is that of the one endpoint that reports it. Undefined when there
 * are several.
 */
export function meant(twin: Twin, metric: string): string | undefined {
  if (twin.reported.has(metric) || wordOf(metric) !== metric) return metric;
  const [first, second] = [...twin.reported.keys()].filter((one) => wordOf(one) === metric);
  return second === undefined ? (first ?? metric) : undefined;
}

/** As `meant`, of a value that can be set. Throws COMMAND_INVALID. */
export function settable(twin: Twin, metric: string, value: TwinValue | null): string {
  const word = twinWord(wordOf(metric));
  if (word?.settable !== true) {
    throw new PortcullisError('COMMAND_INVALID', `${metric} cannot be set. What can: ${settableWords.join(', ')}.`);
  }
  if (value !== null && typeof value !== word.type) {
    throw new PortcullisError('COMMAND_INVALID', `${metric} takes a ${word.type}.`);
  }
  const one = meant(twin, metric);
  if (one !== undefined) return one;
  const endpoints = [...twin.reported.keys()].filter((each) => wordOf(each) === metric);
  throw new PortcullisError('COMMAND_INVALID', `The device has several: say which of ${endpoints.join(', ')}.`);
}

const prefix = 'twin-';

/** The same for the same change of the same device, so that it happens at most once. */
export function commandId(device: string, version: number, index: number): string {
  const name = createHash('sha256').update(device).digest('hex').slice(0, 16);
  return `${prefix}${name}-${version}-${index}`;
}

/** Whether a command was made here, rather than handed over by somebody who has its id. */
export function isOwn(command: string): boolean {
  return command.startsWith(prefix);
}
