import type { Node, Slot, Value } from '../compiled.ts';
import { aggregate, beyond, tick, type SlotState } from './slot-state.ts';

/** Now. `lived` is time that the gateway lived and never jumps; `wall` is undefined while nobody knows what time it is. */
export interface Now {
  readonly lived: number;
  readonly wall: number | undefined;
}

/** What conditions are looked at against. */
export interface Sight {
  readonly now: Now;
  readonly stateOf: (slot: Slot) => SlotState;
  readonly flag: (name: string) => boolean;
  /** Told when the passing of time may change the answer: lived time, and wall time. */
  readonly due: (lived: number) => void;
}

/** True, false, or neither: nothing is known of what it asks for. Kleene's three values. */
export function evaluate(node: Node, sight: Sight): boolean | undefined {
  switch (node.op) {
    case 'all':
      return every(node.of, sight, false);
    case 'any':
      return every(node.of, sight, true);
    case 'not': {
      const inner = evaluate(node.of, sight);
      return inner === undefined ? undefined : !inner;
    }
    case 'flag':
      return sight.flag(node.flag) === node.is;
    case 'time': {
      const { lived, wall } = sight.now;
      if (wall === undefined) return undefined;
      const { inside, until } = node.window(wall);
      sight.due(lived + until - wall);
      return inside;
    }
    case 'slot':
      return slotHolds(node.slot, sight) ?? node.none;
    default:
      return expressionHolds(node, sight);
  }
}

function expressionHolds(node: Node & { op: 'expression' }, sight: Sight): boolean | undefined {
  const values: Record<string, Value> = {};
  for (const [name, slot] of node.names) {
    const value = valueOf(slot, sight);
    if (value === undefined) return node.none;
    values[name] = value;
  }
  return node.run(values);
}

/** `decisive` is what one of them makes of all. Every one is looked at, so that the time of each is known. */
function every(nodes: readonly Node[], sight: Sight, decisive: boolean): boolean | undefined {
  let answer: boolean | undefined = !decisive;
  for (const node of nodes) {
    const one = evaluate(node, sight);
    if (one === decisive) answer = decisive;
    else if (one === undefined && answer !== decisive) answer = undefined;
  }
  return answer;
}

function ticked(slot: Slot, { now, stateOf, due }: Sight): SlotState {
  const state = stateOf(slot);
  tick(slot, state, now.lived);
  if (state.due !== Infinity) due(state.due);
  return state;
}

function slotHolds(slot: Slot, sight: Sight): boolean | undefined {
  const state = ticked(slot, sight);
  if (state.known === 0) return undefined;
  const { over, look } = slot;
  if (over === 'any') return state.met > 0;
  if (over === 'all') return state.met === state.known;
  const value = aggregate(slot, state);
  if (value === undefined || look.as !== 'level') return undefined;
  state.side = beyond(look, value, state.side);
  return state.side;
}

/** A flag or text is that of the device which spoke last; a number may be made of several. */
function valueOf(slot: Slot, sight: Sight): Value | undefined {
  const state = ticked(slot, sight);
  if (slot.over === 'mean' || slot.over === 'min' || slot.over === 'max') return aggregate(slot, state);
  let latest: { readonly at: number; readonly value: Value } | undefined;
  let [any, all]: [boolean, boolean] = [false, true];
  for (const { reading, met } of state.sources.values()) {
    const { at, value } = reading;
    if (met === undefined || value === undefined) continue;
    if (latest === undefined || at >= latest.at) latest = { at, value };
    any ||= value === true;
    all &&= value === true;
  }
  if (typeof latest?.value === 'boolean') return slot.over === 'all' ? all : any;
  return latest?.value;
}
