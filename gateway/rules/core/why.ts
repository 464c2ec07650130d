import type { FiringReason } from '../../../contracts/rule-shown.ts';
import type { Node, Slot } from '../compiled.ts';
import { evaluate, type Sight } from './evaluate.ts';
import { aggregate, type SlotState } from './slot-state.ts';

type Asking = Exclude<Node, { readonly op: 'all' | 'any' | 'not' }>;

/** Conditions, and devices of one condition, that a firing remembers. */
const [mostReasons, mostSources] = [12, 4];

/** What the conditions of a case said, condition by condition, and of which devices. */
export function reasonsOf(node: Node | undefined, sight: Sight): FiringReason[] {
  if (node === undefined) return [];
  const found: FiringReason[] = [];
  const collect = (one: Node): void => {
    if (found.length >= mostReasons) return;
    if (one.op === 'all' || one.op === 'any') one.of.forEach(collect);
    else if (one.op === 'not') collect(one.of);
    else found.push(reasonOf(one, sight));
  };
  collect(node);
  return found;
}

function reasonOf(node: Asking, sight: Sight): FiringReason {
  const holds = evaluate(node, sight) ?? null;
  const condition = node.text;
  if (node.op === 'slot') return { condition, holds, values: valuesOf(node.slot, sight.stateOf(node.slot), holds) };
  if (node.op !== 'expression') return { condition, holds, values: [] };
  const values = node.names.flatMap(([, slot]) => valuesOf(slot, sight.stateOf(slot), true)).slice(0, mostSources);
  return { condition, holds, values };
}

/** Those that decided first. */
function valuesOf(slot: Slot, state: SlotState, holds: boolean | null): FiringReason['values'] {
  if (slot.over === 'mean' || slot.over === 'min' || slot.over === 'max') {
    const value = aggregate(slot, state);
    return value === undefined ? [] : [{ device: `${state.known} devices`, value }];
  }
  const known = [...state.sources.values()].filter(({ met }) => met !== undefined);
  const decisive = known.filter(({ met }) => met === holds);
  return [...decisive, ...known.filter((one) => !decisive.includes(one))]
    .slice(0, mostSources)
    .flatMap(({ reading: { device, value } }) => (value === undefined ? [] : [{ device, value }]));
}
