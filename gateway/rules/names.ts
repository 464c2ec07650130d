import { commandWords } from '../../contracts/command-words.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import { isMetricWord, metricWords } from '../../contracts/metric-words.ts';
import type { Where } from '../../contracts/rule-condition.ts';
import type { Rule } from '../../contracts/rule.ts';
import { nearestWord } from '../lib/nearest-word.ts';
import type { CompiledRule } from './compiled.ts';
import { listOf, type Devices } from './core/devices.ts';

interface NamedCommand {
  readonly at: string;
  readonly command: string;
}

/** The commands of a rule that the door of the commands refuses to rules; `own` are those that the site allows beside the shared ones. */
export function refusedCommands(rule: Rule, own: ReadonlySet<string>): NamedCommand[] {
  const lists = [
    ...(rule.choose?.map((one, index) => [`choose.${index}.do`, one.do] as const) ?? []),
    ['do', rule.do ?? []] as const,
    ['otherwise', rule.otherwise ?? []] as const,
  ];
  return lists.flatMap(([path, actions]) =>
    actions.flatMap(({ command }, index) =>
      command === undefined || Object.hasOwn(commandWords, command) || own.has(command)
        ? []
        : [{ at: `${path}.${index}.command`, command }],
    ),
  );
}

/** Throws CONFIG_INVALID for a rule that would be refused each time that it fires. */
export function demandKnownCommands(rule: Rule, own: ReadonlySet<string>): void {
  const refused = refusedCommands(rule, own);
  if (refused.length === 0) return;
  const known = [...Object.keys(commandWords), ...own];
  const lines = refused.map(({ at, command }) => {
    const near = nearestWord(command, known);
    const hint = near === undefined ? 'name it in limits.commands if they shall' : `did you mean "${near}"?`;
    return `${at}: rules may not use the command "${command}"; ${hint}`;
  });
  throw new PortcullisError('CONFIG_INVALID', `The rule ${rule.id} is not valid:\n  ${lines.join('\n  ')}`);
}

export interface KnownHere {
  readonly devices: Pick<Devices, 'facts'>;
  /** By its id, path or name. */
  readonly knowsPlace: (place: string) => boolean;
}

/** In sentences, what a rule names and nothing here has: it may come later, or be misspelt. */
export function unknownNames({ slots, cases, otherwise }: CompiledRule, { devices, knowsPlace }: KnownHere): string[] {
  const wheres = [
    ...slots.map(({ where }) => where),
    ...[...cases.flatMap(({ actions }) => actions), ...otherwise].map(({ to }) => to),
  ];
  const named = (key: 'place' | 'device'): Set<string> =>
    new Set(wheres.flatMap((where: Where | undefined) => listOf(where?.[key]) ?? []));
  const words = new Set(slots.flatMap(({ words }) => words ?? []));
  return [
    ...[...words].filter((word) => !isMetricWord(word) && !word.startsWith('x.')).map(noMetric),
    ...[...named('place')].filter((place) => !knowsPlace(place)).map((place) => `There is no place "${place}".`),
    ...[...named('device')]
      .filter((device) => devices.facts(device) === undefined)
      .map((device) => `There is no device "${device}" at work here.`),
  ];
}

function noMetric(word: string): string {
  const near = nearestWord(word, Object.keys(metricWords));
  return `No metric is called "${word}"${near === undefined ? '.' : `; did you mean "${near}"?`}`;
}
