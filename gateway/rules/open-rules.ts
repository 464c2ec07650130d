import { PortcullisError } from '../../contracts/errors.ts';
import type { Rule } from '../../contracts/rule.ts';
import type { Firing, ShownRule, TrialReport } from '../../contracts/rule-shown.ts';
import type { CompiledRule } from './compiled.ts';
import { ruleFrom } from './language/read-rule.ts';
import { circleThrough, loopsOf } from './loops.ts';
import { demandKnownCommands, refusedCommands, unknownNames } from './names.ts';
import type { RuleDeps, RuleOptions } from './options.ts';
import type { OwedFiring } from './owed.ts';
import type { RuleEntry } from './rule-book.ts';
import { showRule } from './show.ts';
import { startRunning, type Running } from './start-running.ts';
import { firingOf, flagWrite } from './tables.ts';
import { tryRule, type Trial } from './trial.ts';
import { turns } from './turns.ts';

/** Flags of the house. */
const maxFlags = 256;

export interface CheckedRule {
  readonly rule: Rule;
  readonly loops: string[][];
  /** What it names and nothing here has. */
  readonly warnings: string[];
}

/** The rules. Disposing ends the timers and waits for what is being done. */
export interface Rules extends AsyncDisposable {
  list(): ShownRule[];
  /** Throws NOT_FOUND. */
  show(id: string): ShownRule;
  /** Says what is wrong with a rule, with CONFIG_INVALID, or which circles it would make and what it names in vain. */
  check(document: unknown): Promise<CheckedRule>;
  /** Adds or replaces a rule. Rejects with CONFIG_INVALID for one that is not valid or makes a circle, REGISTRY_FULL. */
  put(document: unknown): Promise<ShownRule>;
  remove(id: string): Promise<void>;
  /** Also ends the rest of a rule that was suspended. Rejects with CONFIG_INVALID for one that would make a circle. */
  turn(id: string, on: boolean): Promise<ShownRule>;
  /** Newest first; `next` goes on after the page. */
  firings(query: { readonly rule: string; readonly limit: number; readonly before?: number | undefined }): Promise<{
    readonly firings: readonly Firing[];
    readonly next: number | undefined;
  }>;
  flags(): Readonly<Record<string, boolean>>;
  setFlag(name: string, on: boolean): Promise<void>;
  /** Runs a rule over history without acting. */
  try(trial: Trial): Promise<TrialReport>;
}

export async function openRules(options: RuleOptions, deps: RuleDeps): Promise<Rules> {
  const running = await startRunning(options, deps);
  const { book, engine } = running;
  for (const { id, rule } of book.all()) warnOfRefused(deps, id, rule && refusedCommands(rule, options.ownCommands));
  const found = (id: string): RuleEntry => foundIn(running, id);
  const check = (document: unknown) => checked(running, options, deps, document);
  const inTurn = turns();
  /** What a change looked at stays so until it is done: two that close a circle together are one after the other. */
  const change = <Result>(step: () => Promise<Result>): Promise<Result> => inTurn('rules', step);
  const show = (entry: RuleEntry): ShownRule =>
    showRule(entry, { engine, loops: running.loops(), clockDoubt: deps.clockDoubt() });
  return {
    list: () => Array.from(book.all(), show),
    show: (id) => show(found(id)),
    check: async (document) => {
      const { rule, compiled, loops } = await check(document);
      return { rule, loops, warnings: unknownNames(compiled, deps) };
    },
    put: (document) =>
      change(async () => {
        const { rule, compiled, circle } = await check(document);
        if (circle !== undefined) throw circleError(circle);
        const entry = await book.put(rule, compiled);
        await turned(deps, entry.id, undefined);
        running.restart(rule.id);
        return show(entry);
      }),
    remove: (id) =>
      change(async () => {
        found(id);
        await book.remove(id);
        await turned(deps, id, undefined);
        running.restart(id);
      }),
    turn: (id, on) =>
      change(async () => {
        const entry = found(id);
        if (on) demandFit(running, deps, entry);
        await turned(deps, id, on);
        if (entry.enabled === on && on) running.resume(id);
        if (entry.enabled !== on) {
          entry.enabled = on;
          running.restart(id);
        }
        return show(entry);
      }),
    async firings({ rule, limit, before = Number.MAX_SAFE_INTEGER }) {
      found(rule);
      const rows = await deps.store.read('rules.firings', [rule, before, limit + 1]);
      const firings = rows.slice(0, limit).map((row) => shownFiring(firingOf(row)));
      return { firings, next: rows.length > limit ? firings.at(-1)?.n : undefined };
    },
    flags: () => engine.flags(),
    setFlag: (name, on) =>
      inTurn('flags', async () => {
        const known = engine.flags();
        if (!Object.hasOwn(known, name) && Object.keys(known).length >= maxFlags) {
          throw new PortcullisError('REGISTRY_FULL', `There are ${maxFlags} flags.`);
        }
        const before = engine.flagSetting(name);
        await deps.store.write([flagWrite(name, on)]);
        // A rule that set it meanwhile is the last one on disk.
        if (engine.flagSetting(name) === before) running.setFlag(name, on);
      }),
    async try({ rule, ...range }) {
      const compiled = typeof rule === 'string' ? found(rule).compiled : (await check(rule)).compiled;
      if (compiled === undefined) throw new PortcullisError('CONFIG_INVALID', 'This rule is not valid.');
      const { history, devices } = deps;
      if (history === undefined) {
        throw new PortcullisError('COMMAND_INVALID', 'This gateway keeps no history to try a rule on.');
      }
      return tryRule(compiled, range, { devices, history, flags: engine.flags() });
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

function foundIn({ book }: Running, id: string): RuleEntry {
  const entry = book.get(id);
  if (entry === undefined) throw new PortcullisError('NOT_FOUND', `There is no rule "${id}".`);
  return entry;
}

async function checked(running: Running, { ownCommands }: RuleOptions, { devices }: RuleDeps, document: unknown) {
  const rule = ruleFrom(document, 'This');
  demandKnownCommands(rule, ownCommands);
  const compiled: CompiledRule = await running.book.compile(rule);
  const all = [...othersOf(running, rule.id), compiled];
  const circle = unmeantCircle(running, devices, compiled);
  const loops = loopsOf(all, devices).filter((one) => one.includes(rule.id) && one.join() !== circle?.join());
  return { rule, compiled, circle, loops: circle === undefined ? loops : [circle, ...loops] };
}

/** Those that are on beside a rule. */
function othersOf(running: Running, id: string): CompiledRule[] {
  return running.enabled().filter((other) => other.id !== id);
}

/** The circle that a rule closes where it is on, of rules none of which may. */
function unmeantCircle(running: Running, devices: RuleDeps['devices'], compiled: CompiledRule): string[] | undefined {
  if (compiled.rule.mayLoop === true) return undefined;
  const unmeant = othersOf(running, compiled.id).filter(({ rule: { mayLoop } }) => mayLoop !== true);
  return circleThrough(compiled.id, [...unmeant, compiled], devices);
}

/** Whether a rule can be switched on; one that is on already drives whom it drove. */
function demandFit(running: Running, { devices }: RuleDeps, { compiled, problem, enabled }: RuleEntry): void {
  if (compiled === undefined) throw new PortcullisError('CONFIG_INVALID', problem ?? '');
  const circle = enabled ? undefined : unmeantCircle(running, devices, compiled);
  if (circle !== undefined) throw circleError(circle);
}

/** A rule that is there already keeps its other deeds; the door of the commands refuses this one. */
function warnOfRefused({ log }: RuleDeps, rule: string, refused: ReturnType<typeof refusedCommands> = []): void {
  for (const { command } of refused) log.warn({ rule, command }, 'a rule has a command that rules may not use');
}

/** What a person said of a rule, or that nobody says anything of it any more. */
function turned({ store }: RuleDeps, id: string, on: boolean | undefined): Promise<void> {
  if (on === undefined) return store.write([{ statement: 'rules.dropSwitch', params: [id] }]);
  return store.write([{ statement: 'rules.putSwitch', params: [id, on ? 1 : 0] }]);
}

/** What is still owed is nobody's business outside. */
function shownFiring({ owed: _owed, lived: _lived, ...firing }: OwedFiring): Firing {
  return firing;
}

function circleError(circle: readonly string[]): PortcullisError {
  const way = [...circle, circle[0]].join(' → ');
  const cure =
    'Change one of them, or write mayLoop: true into one if it is meant; how often they fire is bounded then too.';
  return new PortcullisError('CONFIG_INVALID', `These rules would drive each other without end: ${way}. ${cure}`);
}
