import type { NewCommand } from '../../contracts/command.ts';
import { commandWords } from '../../contracts/command-words.ts';
import type { Firing } from '../../contracts/rule-shown.ts';
import type { Write } from '../../contracts/table-set.ts';
import { tell } from '../observability/channels.ts';
import type { Effect, RuleEngine } from './core/engine.ts';
import type { Now } from './core/evaluate.ts';
import type { Instance } from './core/instance.ts';
import type { RuleDeps } from './options.ts';
import type { OwedFiring } from './owed.ts';
import { openPerforming } from './performing.ts';
import { planned, RaisedBook } from './raised.ts';
import { printed, type RuleBook } from './rule-book.ts';
import { firingWrites, flagWrite, scopeWrite, type RaisedAlarm } from './tables.ts';

/** Firings whose deeds are under way; further ones wait on disk, as owed, for the next start. */
const maxUnderWay = 1_000;

interface ActingParts {
  readonly engine: RuleEngine;
  readonly deps: RuleDeps;
  readonly now: () => Now;
  readonly book: RuleBook;
  readonly checkpoint: () => Write;
}

interface LeftBehind {
  readonly raised: readonly RaisedAlarm[];
  readonly isSuspended: boolean;
}

export interface Acting extends AsyncDisposable {
  /** Does what the engine's effects ask for. Returns at once. */
  run(): void;
  /** Does again what an earlier life owed, as far as it is still meant. */
  redo(firing: OwedFiring): void;
  /** The alarms of scopes that are gone, or whose rule is, are over. */
  retire(instances: readonly Instance[]): void;
  /** Takes over the alarms that a scope raised in an earlier life. */
  know(rule: string, scope: string, raised: readonly RaisedAlarm[]): void;
  /** Ends the alarms of a scope that nobody looks at any more, also that it is suspended, and forgets it. */
  abandon(rule: string, scope: string, left: LeftBehind): void;
}

/**
 * Brings effects to the world. What a firing leaves on disk is written first, with all that it is to do; commands carry ids
 * made from the firing, so that what is done again after a crash is done once.
 */
export function openActing(parts: ActingParts): Acting {
  const { engine, deps, now, book } = parts;
  const raised = new RaisedBook();
  const { underWay, track } = tracking(deps);
  const performing = openPerforming({ deps, book, raised, livedMs: () => now().lived });
  const scopeOf = (instance: Instance): Write => {
    const { rule, scope } = instance;
    const kept = { instance: engine.kept(instance), raised: raised.of(rule.id, scope) };
    return scopeWrite(rule.id, scope, printed(book.get(rule.id)), kept);
  };
  const fired = (effect: Effect & { is: 'fired' }): OwedFiring => {
    const { instance, n, from, to, why, depth } = effect;
    const { rule, scope } = instance;
    const deeds = planned(effect, raised, deps.devices);
    for (const deed of deeds) {
      raised.note(instance, deed, to);
      if (deed.do === 'flag') engine.setFlag(deed.flag, deed.on, now(), depth + 1);
      if (deed.do === 'command') noteCause(engine, deed.command, depth + 1, now());
    }
    const name = (index: number): string | null => rule.cases[index]?.name ?? null;
    const at = Math.floor(deps.clock.wallMs());
    const step = { from: name(from), to: name(to), why: [...why], depth };
    const firing: Firing = { rule: rule.id, scope, n, at, ...step, did: [] };
    return deeds.length > 0 ? { ...firing, owed: deeds, lived: now().lived } : firing;
  };
  const suspended = ({ instance, why }: Effect & { is: 'suspended' }): void => {
    const { rule, scope } = instance;
    tell('dropped', { stage: 'rules', reason: 'suspended', count: 1 });
    deps.log.warn({ rule: rule.id, scope, why }, 'a rule is suspended');
    const detail = `The rule ${rule.id} is suspended for an hour in ${scope}: ${why} Mend it, then switch it on again.`;
    track(deps.alarms.raise({ ...suspensionOf(rule.id, scope), severity: 'high', detail }));
  };

  const abandon = (rule: string, scope: string, left: LeftBehind): void => {
    for (const { code, subject } of left.raised) track(deps.alarms.clear({ code, subject, by: `rule:${rule}` }));
    if (left.isSuspended) track(deps.alarms.clear(suspensionOf(rule, scope)));
    raised.set(rule, scope, []);
    track(deps.store.write([{ statement: 'rules.dropScope', params: [rule, scope] }]));
  };

  return {
    run() {
      const firings: OwedFiring[] = [];
      const touched = new Set<Instance>();
      for (let effects = engine.takeEffects(); effects.length > 0; effects = engine.takeEffects()) {
        for (const effect of effects) {
          touched.add(effect.instance);
          if (effect.is === 'fired') firings.push(fired(effect));
          if (effect.is === 'suspended') suspended(effect);
          if (effect.is === 'resumed')
            track(deps.alarms.clear(suspensionOf(effect.instance.rule.id, effect.instance.scope)));
        }
      }
      if (touched.size === 0) return;
      const writes = firings.flatMap((firing) => [
        ...firingWrites(firing, firing.owed !== undefined, book.size),
        ...flagWrites(firing),
      ]);
      track(deps.store.write([...writes, ...[...touched].map(scopeOf), parts.checkpoint()]));
      for (const { owed, lived: _lived, ...firing } of firings) {
        if (owed === undefined || underWay.size >= maxUnderWay) continue;
        track(performing.perform(firing, owed));
      }
    },
    redo: (firing) => track(performing.redo(firing)),
    retire(instances) {
      for (const { rule, scope, suspendedUntil } of instances) {
        abandon(rule.id, scope, { raised: raised.of(rule.id, scope), isSuspended: suspendedUntil !== undefined });
      }
    },
    know: (rule, scope, all) => raised.set(rule, scope, all),
    abandon,
    async [Symbol.asyncDispose]() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}

/** In the commit of the firing, so that the last one to set a flag is the last one on disk. */
function flagWrites({ owed = [] }: OwedFiring): Write[] {
  return owed.flatMap((deed) => (deed.do === 'flag' ? [flagWrite(deed.flag, deed.on)] : []));
}

/** What is under way, so that the end can wait for it. A failure is told and keeps nothing else from going on. */
function tracking({ log }: RuleDeps) {
  const underWay = new Set<Promise<void>>();
  const track = (step: Promise<unknown>): void => {
    const tracked: Promise<void> = step
      .then(
        () => undefined,
        (err: unknown) => log.warn({ err }, 'what a rule did could not be finished'),
      )
      .finally(() => underWay.delete(tracked));
    underWay.add(tracked);
  };
  return { underWay, track };
}

/** What the device shows from now on has the rule as its cause. */
function noteCause(engine: RuleEngine, { name, device }: NewCommand, depth: number, now: Now): void {
  for (const word of Object.values(commandWords[name] ?? {})) engine.caused(device, word, depth, now);
}

const suspensionOf = (rule: string, scope: string) => ({
  code: 'RULE_SUSPENDED',
  subject: `${rule}@${scope}`.slice(0, 256),
  by: `rule:${rule}`,
});
