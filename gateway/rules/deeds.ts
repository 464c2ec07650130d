import { createHash } from 'node:crypto';
import { durationMs } from '../../contracts/rule-condition.ts';
import type { RuleAction } from '../../contracts/rule.ts';
import type { NewCommand } from '../../contracts/command.ts';
import type { Severity } from '../../contracts/alarm-words.ts';
import type { FiringDeed, FiringReason } from '../../contracts/rule-shown.ts';
import { isChosen, scopeOf, type DeviceFacts, type Devices } from './core/devices.ts';
import type { Instance } from './core/instance.ts';

/** What a firing shall do, with everything that it takes: it can be done again after a crash and is then done once. */
export type Deed =
  | { readonly do: 'command'; readonly command: NewCommand }
  | {
      readonly do: 'raise';
      readonly code: string;
      readonly subject: string;
      readonly severity: Severity;
      readonly detail: string;
      readonly latched: boolean | undefined;
    }
  | { readonly do: 'clear'; readonly code: string; readonly subject: string }
  | { readonly do: 'notify'; readonly subject: string; readonly severity: Severity; readonly detail: string }
  | { readonly do: 'flag'; readonly flag: string; readonly on: boolean };

/** Devices that one action may command. */
export const maxTargets = 500;
const defaultDeadlineMs = 30_000;

interface Occasion {
  readonly instance: Instance;
  readonly n: number;
  readonly why: readonly FiringReason[];
}

/** The deeds of some actions in the scope of an instance. */
export function deedsOf(actions: readonly RuleAction[], occasion: Occasion, devices: Devices): Deed[] {
  const { instance, why } = occasion;
  const subject = subjectOf(instance);
  const say = (text: string): string => filled(text, instance, why, devices).slice(0, 1_000);
  return actions.flatMap((action, index): Deed[] => {
    const severity = action.severity ?? 'medium';
    if (action.raise !== undefined) {
      const detail = say(action.text ?? instance.rule.rule.name);
      return [{ do: 'raise', code: action.raise, subject, severity, detail, latched: action.latched }];
    }
    if (action.clear !== undefined) return [{ do: 'clear', code: action.clear, subject }];
    if (action.notify !== undefined)
      return [{ do: 'notify', subject, severity: action.severity ?? 'low', detail: say(action.notify) }];
    if (action.flag !== undefined) return [{ do: 'flag', flag: action.flag, on: action.set === true }];
    return targetsOf(action, instance, devices).map((device) => ({
      do: 'command',
      command: {
        id: commandId(instance, occasion.n, `${index} ${device}`),
        device,
        name: action.command ?? '',
        args: action.args ?? {},
        source: 'rules',
        origin: instance.rule.id,
        priority: action.priority ?? 4,
        ttlMs: action.deadline === undefined ? defaultDeadlineMs : durationMs(action.deadline),
      },
    }));
  });
}

/** What an alarm of the instance is about: the device, or the rule in a place. */
export function subjectOf({ rule, scope }: Pick<Instance, 'rule' | 'scope'>): string {
  return rule.per === 'device' ? scope : `${rule.id}@${scope}`;
}

/** The same for the same firing of the same scope, so that a command happens at most once. */
function commandId({ rule, scope }: Instance, n: number, what: string): string {
  return `rule-${createHash('sha256').update(`${rule.id}\n${scope}\n${what}`).digest('hex').slice(0, 24)}-${n}`;
}

/** The devices of the scope that an action chooses; `anywhere` chooses from the house. */
export function targetsOf(
  { to }: Pick<RuleAction, 'to'>,
  { rule, scope }: Pick<Instance, 'rule' | 'scope'>,
  devices: Devices,
): string[] {
  const found: string[] = [];
  const consider = (facts: DeviceFacts | undefined): void => {
    if (facts === undefined || found.length >= maxTargets) return;
    const inScope = to?.anywhere === true || scopeOf(facts, rule.per) === scope;
    if (inScope && isChosen(to, facts, devices)) found.push(facts.id);
  };
  if (to?.device !== undefined) for (const id of [to.device].flat()) consider(devices.facts(id));
  else if (rule.per === 'device' && to?.anywhere !== true) consider(devices.facts(scope));
  else for (const facts of devices.all()) consider(facts);
  return found;
}

function filled(text: string, { rule, scope }: Instance, why: readonly FiringReason[], devices: Devices): string {
  const told = why.flatMap(({ holds, values }) => (holds === true ? values : []))[0];
  const facts = devices.facts(rule.per === 'device' ? scope : (told?.device ?? ''));
  const place = facts?.places.at(-1)?.path ?? '';
  const words: Readonly<Record<string, string>> = {
    device: facts?.name ?? told?.device ?? scope,
    place,
    value: told === undefined ? '' : String(told.value),
  };
  // A device in no room yet: "at Kitchen ()" would read like a fault.
  return (place === '' ? text.replaceAll(' ({place})', '') : text)
    .replaceAll(/\{(device|place|value)\}/g, (_, word: string) => words[word] ?? '')
    .replaceAll(/\p{Cc}/gu, ' ');
}

/** A deed as people read it. */
export function shownDeed(deed: Deed): Omit<FiringDeed, 'outcome'> {
  if (deed.do === 'command') {
    const { name, args, device, id } = deed.command;
    return { does: `${name} ${JSON.stringify(args)}`, to: device, command: id };
  }
  if (deed.do === 'raise' || deed.do === 'clear') return { does: `${deed.do} ${deed.code}`, to: deed.subject };
  if (deed.do === 'notify') return { does: `notify ${deed.detail}` };
  return { does: `flag ${deed.flag} ${deed.on ? 'on' : 'off'}` };
}
