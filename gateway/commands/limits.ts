import type { NewCommand } from '../../contracts/command.ts';
import { commandWords } from '../../contracts/command-words.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import type { SqlRow, Write } from '../../contracts/table-set.ts';

/** What rules may not go beyond: of a number, and in changes of one device within an hour. */
export interface Limit {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly perHour?: number | undefined;
}

/** By the word that a shared command sets; a command that only its plugin understands must be named itself. */
export interface CommandLimits {
  readonly metrics: Readonly<Record<string, Limit>>;
  readonly commands: Readonly<
    Record<string, { readonly perHour: number; readonly args?: Readonly<Record<string, Limit>> | undefined }>
  >;
}

const hourMs = 3_600_000;
/** Metrics of devices whose changes are counted. */
const maxCounted = 20_000;

/** The limits as the door of the commands asks for them. */
export interface LimitBook {
  /**
   * Throws LIMIT_EXCEEDED for a command of a rule that goes beyond them. What comes back counts the change, and is to be
   * committed with the command.
   */
  admit(command: Pick<NewCommand, 'device' | 'name' | 'args' | 'source'>, livedMs: number): Write[];
}

interface Change {
  readonly what: string;
  readonly value: unknown;
  readonly limit: Limit;
}

/** `rows` are the changes of the last hour, also of an earlier life. */
export function openLimits(limits: CommandLimits, rows: readonly SqlRow[]): LimitBook {
  const counted = new Map<string, number[]>();
  for (const { what, lived_ms } of rows) {
    const times = counted.get(String(what)) ?? [];
    counted.set(String(what), [...times, Number(lived_ms)]);
  }
  const lately = (key: string, now: number): number[] => (counted.get(key) ?? []).filter((at) => now - at < hourMs);

  return {
    admit({ device, name, args, source }, now) {
      if (source !== 'rules') return [];
      const changes = changesOf(name, args, limits);
      for (const { what, value, limit } of changes) {
        if (isBeyond(value, limit))
          throw exceeded(`${what} ${String(value)} is beyond the limit of rules (${rangeOf(limit)})`);
        const times = lately(`${device}\n${what}`, now);
        if (limit.perHour !== undefined && times.length >= limit.perHour) {
          throw exceeded(`rules may change ${what} of a device ${limit.perHour} times in an hour`);
        }
      }
      const countable = changes.filter(({ limit }) => limit.perHour !== undefined);
      return countable.flatMap(({ what }) => {
        const key = `${device}\n${what}`;
        counted.set(key, [...lately(key, now), now]);
        const [oldest] = counted.keys();
        if (counted.size > maxCounted && oldest !== undefined) counted.delete(oldest);
        return [{ statement: 'commands.countChange', params: [key, now] }];
      });
    },
  };
}

/** Everything that the command changes. Throws LIMIT_EXCEEDED where nobody knows. */
function changesOf(name: string, args: NewCommand['args'], { metrics, commands }: CommandLimits): Change[] {
  const own = Object.hasOwn(commands, name) ? commands[name] : undefined;
  const words = Object.hasOwn(commandWords, name) ? commandWords[name] : undefined;
  if (words === undefined) {
    if (own === undefined) {
      throw exceeded(
        `rules may not use the command ${name}, whose effect nobody knows, unless limits.commands names it`,
      );
    }
    const inside = Object.entries(own.args ?? {}).map(([arg, limit]) => ({
      what: `${name} ${arg}`,
      value: args[arg],
      limit,
    }));
    return [{ what: `command ${name}`, value: undefined, limit: { perHour: own.perHour } }, ...inside];
  }
  const told = Object.entries(words).filter(([arg]) => args[arg] !== undefined);
  // A cover that is told to open says no position, and moves all the same.
  const all = told.length === 0 ? Object.entries(words).slice(0, 1) : told;
  return all.map(([arg, word]) => ({ what: word, value: args[arg], limit: metrics[word] ?? {} }));
}

function isBeyond(value: unknown, { min, max }: Limit): boolean {
  if (typeof value !== 'number') return false;
  return (min !== undefined && value < min) || (max !== undefined && value > max);
}

const rangeOf = ({ min, max }: Limit): string => `${min ?? 'any'} to ${max ?? 'any'}`;
const exceeded = (why: string): PortcullisError => new PortcullisError('LIMIT_EXCEEDED', `Not done: ${why}.`);
