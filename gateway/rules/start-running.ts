import { livedTime, type LivedTime } from '../lib/lived-time.ts';
import { openActing, type Acting } from './acting.ts';
import type { CompiledRule } from './compiled.ts';
import { RuleEngine } from './core/engine.ts';
import type { Now } from './core/evaluate.ts';
import type { Instance } from './core/instance.ts';
import { fallingBehind } from './falling-behind.ts';
import { followRegistry } from './follow-registry.ts';
import { ruleListener } from './listen.ts';
import { loopsOf } from './loops.ts';
import type { RuleDeps, RuleOptions } from './options.ts';
import { isOn, openRuleBook, printed, type RuleBook, type RuleEntry } from './rule-book.ts';
import { firingOf, keptOf } from './tables.ts';
import { openTimer } from './timer.ts';
import type { SqlRow, TableStore } from '../../contracts/table-set.ts';

/** Whether the clock is to be believed is asked of the file system, at most so often. */
const doubtMs = 1_000;

/** The rules at work. Disposing ends the timers and waits for what is being done. */
export interface Running extends AsyncDisposable {
  readonly book: RuleBook;
  readonly engine: RuleEngine;
  enabled(): CompiledRule[];
  /** The circles of the rules that are on; worked out when it is asked for. */
  loops(): string[][];
  /** A rule was changed, removed, switched on or off: what it left behind ends, and it begins anew. */
  restart(id: string): void;
  /** Ends the rest of a rule that was suspended. */
  resume(id: string): void;
  setFlag(name: string, on: boolean): void;
}

/**
 * What an earlier life left goes on: cases, delays, alarms, and what was still to be done. Between the look at how devices are and
 * the first message nothing is missed.
 */
export async function startRunning(options: RuleOptions, deps: RuleDeps): Promise<Running> {
  const { store, devices, clock } = deps;
  const book = await openRuleBook(options);
  const [scopes, [last], owed, flags, switches, [saved]] = await readSaved(store);
  const time = livedTime(saved, clock, 'rules.putClock');
  const now = nowOf(time, deps);
  const engine = new RuleEngine(devices, Number(last?.['n'] ?? 0));
  const enabled = (): CompiledRule[] =>
    Array.from(book.all()).flatMap((entry) => (isOn(entry) ? [entry.compiled] : []));
  const acting = openActing({ engine, deps, now, book, checkpoint: () => time.checkpoint() });
  const timer = openTimer({ engine, time, now, onWake: () => acting.run() });
  const settle = (): void => {
    acting.run();
    timer.arm();
  };
  const onGone = (instances: readonly Instance[]): void => acting.retire(instances);
  const registry = followRegistry({ engine, devices, now, onGone, onSettled: settle });
  let circles: string[][] | undefined;
  const onRegistryChange = (device: string | undefined): void => {
    circles = undefined;
    registry.changed(device);
  };

  for (const { rule, is_on } of switches) turnEntry(book.get(String(rule)), is_on === 1);
  for (const { name, is_on } of flags) engine.setFlag(String(name), is_on === 1, now());
  goOn(scopes, book, engine, acting);
  const lookAfresh = (): void => {
    fill(engine, deps, now(), enabled());
    engine.lookAtAll(now());
  };
  lookAfresh();
  const onEffects = (): void => acting.run();
  const behind = fallingBehind(() => {
    lookAfresh();
    settle();
  });
  const onLost = (): void => behind.lost();
  const listener = ruleListener({ engine, now, onRegistryChange, onEffects, onLost, onRest: () => timer.arm() });
  const seat = deps.live.subscribe(listener);
  for (const row of owed) acting.redo(firingOf(row));
  settle();

  return {
    book,
    engine,
    enabled,
    loops: () => (circles ??= loopsOf(enabled(), devices)),
    restart(id) {
      circles = undefined;
      acting.retire(engine.remove(id));
      const entry = book.get(id);
      if (isOn(entry)) {
        engine.add(entry.compiled);
        fill(engine, deps, now(), [entry.compiled], id);
        engine.lookAtAll(now(), (rule) => rule.id === id);
      }
      settle();
    },
    resume(id) {
      engine.resume(id, now());
      settle();
    },
    setFlag(name, on) {
      engine.setFlag(name, on, now());
      settle();
    },
    async [Symbol.asyncDispose]() {
      seat[Symbol.dispose]();
      timer[Symbol.dispose]();
      registry[Symbol.dispose]();
      behind[Symbol.dispose]();
      await acting[Symbol.asyncDispose]();
    },
  };
}

function nowOf(time: LivedTime, { clock, clockDoubt }: RuleDeps): () => Now {
  let isDoubtful = false;
  let askAgain = -Infinity;
  return () => {
    const lived = time.now();
    if (lived >= askAgain) [isDoubtful, askAgain] = [clockDoubt() !== undefined, lived + doubtMs];
    return { lived, wall: isDoubtful ? undefined : clock.wallMs() };
  };
}

function readSaved(store: TableStore): Promise<[SqlRow[], SqlRow[], SqlRow[], SqlRow[], SqlRow[], SqlRow[]]> {
  const read = (name: string): Promise<SqlRow[]> => store.read(`rules.${name}`, []);
  return Promise.all([
    read('scopes'),
    read('lastFiring'),
    read('owed'),
    read('flags'),
    read('switches'),
    read('readClock'),
  ]);
}

function turnEntry(entry: RuleEntry | undefined, on: boolean): void {
  if (entry !== undefined) entry.enabled = on;
}

/** Scopes go on where they stood, unless their rule is another by now, or is off. */
function goOn(scopes: readonly SqlRow[], book: RuleBook, engine: RuleEngine, acting: Acting): void {
  const kept = Map.groupBy(scopes, ({ rule }) => String(rule));
  for (const entry of book.all()) {
    const rows = (kept.get(entry.id) ?? []).filter(({ print }) => isOn(entry) && print === printed(entry));
    if (isOn(entry)) {
      engine.add(
        entry.compiled,
        rows.map((row) => [String(row['scope']), keptOf(row).instance] as const),
      );
    }
    for (const row of rows) acting.know(entry.id, String(row['scope']), keptOf(row).raised);
  }
  for (const row of scopes) {
    const entry = book.get(String(row['rule']));
    if (isOn(entry) && row['print'] === printed(entry)) continue;
    const { instance, raised } = keptOf(row);
    const isSuspended = instance.suspendedUntil !== null;
    acting.abandon(String(row['rule']), String(row['scope']), { raised, isSuspended });
  }
}

/** How devices are, as far as it is known, and who is to speak. */
function fill(engine: RuleEngine, deps: RuleDeps, now: Now, rules: readonly CompiledRule[], id?: string): void {
  for (const told of deps.states()) engine.seed(told, now, id);
  if (!rules.some(({ slots }) => slots.some(({ look }) => look.as === 'silence'))) return;
  for (const device of deps.devices.all()) engine.expect(device.id, now);
}
