import type { Look, Slot, Value } from '../compiled.ts';
import type { Instance } from './instance.ts';
import { feed, newReading, seesEach, type Reading, type SlotState, type Source } from './slot-state.ts';

/** A slot that a reading feeds, and who looks there. */
export interface Target {
  readonly slot: Slot;
  readonly state: SlotState;
  readonly source: Source;
  readonly lookers: Iterable<Instance>;
}

/** Told of each instance that has to be looked at. */
type OnSeen = (lookers: Iterable<Instance>) => void;

/**
 * One word of one device at one endpoint, and all that looks at it. A thousand thresholds cost no more than those which
 * the value crosses: they wait in order for the value to reach them, and a value that is repeated reaches none.
 */
export class Channel {
  readonly reading: Reading;
  /** Those to which every value matters. */
  readonly #each: Target[] = [];
  /** Those to which it matters what the value equals. */
  readonly #equals: Target[] = [];
  readonly #levels: Level[] = [];
  /** Those that change only when a device is silent, and when it is not any more. */
  readonly #silences: Target[] = [];
  /** Those that are asked at each value whether they want it. */
  readonly #asked: (() => Target | undefined)[] = [];
  #edges: Edges | undefined;

  constructor(device: string) {
    this.reading = newReading(device, undefined, -Infinity);
  }

  add(target: Target | undefined): void {
    if (target === undefined) return;
    target.source.reading = this.reading;
    this.reading.settled = false;
    this.#listFor(target).push(target);
  }

  ask(targetNow: () => Target | undefined): void {
    this.#asked.push(targetNow);
  }

  hear(value: Value, now: number, onSeen: OnSeen): void {
    const { reading } = this;
    const [before, settled] = [reading.value, reading.settled];
    reading.value = value;
    reading.at = now;
    reading.settled = true;
    feedAll(this.#each, now, onSeen);
    for (const targetNow of this.#asked) this.#feedAsked(targetNow(), now, onSeen);
    if (settled && value === before) return;
    feedAll(this.#equals, now, onSeen);
    if (!settled) feedAll(this.#silences, now, onSeen);
    if (settled && this.#edges !== undefined && typeof value === 'number') {
      this.#edges.reach(value, (level) => feedAll([level], now, onSeen));
      return;
    }
    feedAll(this.#levels, now, onSeen);
    this.#edges = typeof value === 'number' ? new Edges(this.#levels) : undefined;
  }

  #feedAsked(target: Target | undefined, now: number, onSeen: OnSeen): void {
    if (target === undefined) return;
    target.source.reading = this.reading;
    feedAll([target], now, onSeen);
  }

  #listFor(target: Target): Target[] {
    const { slot } = target;
    if (seesEach(slot)) return this.#each;
    if (slot.look.as === 'equal') return this.#equals;
    if (slot.look.as === 'silence') return this.#silences;
    return isLevel(target) ? this.#levels : this.#each;
  }
}

function feedAll(targets: readonly Target[], now: number, onSeen: OnSeen): void {
  for (const { slot, state, source, lookers } of targets) if (feed(slot, state, source, now)) onSeen(lookers);
}

type Level = Target & { readonly slot: { readonly look: Look & { as: 'level' } } };
const isLevel = (target: Target): target is Level => target.slot.look.as === 'level';

interface Edge {
  readonly at: number;
  readonly level: Level;
}

/** Thresholds in the order in which a value that rises, and one that falls, comes to them. */
class Edges {
  /** The lowest last. */
  readonly #above: Edge[];
  /** The highest last. */
  readonly #below: Edge[];

  constructor(levels: readonly Level[]) {
    const edges = levels.map(edgeOf);
    this.#above = edges.filter(isAbove).toSorted((one, other) => other.at - one.at);
    this.#below = edges.filter((edge) => !isAbove(edge)).toSorted((one, other) => one.at - other.at);
  }

  /** Calls for each level whose edge the value reaches; what the level is held against next is seen to afterwards. */
  reach(value: number, onReached: (level: Level) => void): void {
    const reached: Level[] = [];
    const takeFrom = (edges: Edge[], isReached: (edge: Edge) => boolean): void => {
      for (let last = edges.at(-1); last !== undefined && isReached(last); last = edges.at(-1)) {
        edges.pop();
        reached.push(last.level);
      }
    };
    takeFrom(this.#above, ({ at }) => at <= value);
    takeFrom(this.#below, ({ at }) => at >= value);
    for (const level of reached) {
      onReached(level);
      const edge = edgeOf(level);
      if (isAbove(edge)) insert(this.#above, edge, (other) => other.at < edge.at);
      else insert(this.#below, edge, (other) => other.at > edge.at);
    }
  }
}

function edgeOf(level: Level): Edge {
  const { at, clear } = level.slot.look;
  return { at: level.source.met === true ? clear : at, level };
}

/** Whether the value has to rise to it. */
const isAbove = ({ level: { slot, source } }: Edge): boolean => (slot.look.sign === 1) !== (source.met === true);

/** Puts it before the first that comes after it. */
function insert(edges: Edge[], edge: Edge, isAfter: (other: Edge) => boolean): void {
  let [from, to] = [0, edges.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const other = edges[middle];
    if (other !== undefined && isAfter(other)) to = middle;
    else from = middle + 1;
  }
  edges.splice(from, 0, edge);
}
