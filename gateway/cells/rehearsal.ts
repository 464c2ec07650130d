import type { CellDescription } from '../../contracts/cell.ts';
import { matchesFilter } from '../lib/topic-filter.ts';
import { decodeCall, differenceOf, playOf, type Example } from './examples.ts';
import type { CellDeps, CellPlan } from './options.ts';
import { openProcessCell } from './process-cell.ts';
import type { ProcessCell, StartFault } from './process-cell.ts';
import type { WireCall } from './wire.ts';

/** What a contract demands of the running plugin, beyond its shape. */
export interface Demands {
  readonly examples: readonly Example[];
  /** It must start, and keep its examples, without any configuration. Undefined: not demanded, but tried like this. */
  readonly startsUnconfigured?: boolean | undefined;
  /** What a simulated device says: before each example, and on its own it must decode to something. */
  readonly said?: readonly SimulatedMessage[] | undefined;
}

/** One message of a simulated device. */
export interface SimulatedMessage {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
}

/**
 * Lets a plugin show itself in a process that ends with this call: its live shape is checked, and every example of its
 * contract is played by a simulated device. Each example begins with empty knowledge. Resolves with the first fault;
 * undefined means that everything came as the contract says.
 */
export async function rehearse(plan: CellPlan, demands: Demands, deps: CellDeps): Promise<StartFault | undefined> {
  const config = demands.startsUnconfigured === false ? plan.config : {};
  const cell = await openProcessCell({ ...plan, config }, deps);
  if ('code' in cell) return cell;
  await using process = cell;
  const said = demands.said === undefined ? [] : callsOf(demands.said, process.described);
  const unheard = demands.said === undefined ? undefined : await listen(said, process);
  if (unheard !== undefined) return { code: 'PC-R206', detail: unheard };
  for (const [index, example] of demands.examples.entries()) {
    const wrong = await play(example, said, process);
    if (wrong !== undefined) return { code: 'PC-R206', detail: `example ${index + 1} (${example.call}): ${wrong}` };
  }
  return undefined;
}

/** What of it is meant for the plugin, as the gateway would hand it over. */
function callsOf(said: readonly SimulatedMessage[], { topics, teaches }: CellDescription): readonly WireCall[] {
  return said
    .filter(({ topic }) => [...topics, ...teaches].some((filter) => matchesFilter(filter, topic)))
    .map((one) => decodeCall(one, teaches));
}

/** Everything that the simulated device says must decode, and something must come of it. */
async function listen(said: readonly WireCall[], process: ProcessCell): Promise<string | undefined> {
  await process.call({ is: 'know', full: true, changes: [] });
  let readings = 0;
  for (const [index, call] of said.entries()) {
    const came = await process.call(call);
    if (came.is !== 'decoded' || came.failed !== undefined) {
      return `message ${index + 1} of the simulated device does not decode: ${came.is === 'refused' ? came.code : came.is}`;
    }
    readings += came.readings.length;
  }
  return readings > 0 ? undefined : 'nothing that the simulated device says becomes a reading';
}

async function play(example: Example, said: readonly WireCall[], process: ProcessCell): Promise<string | undefined> {
  const scene = playOf(example, process.described.teaches);
  if (typeof scene === 'string') return `it cannot be played, ${scene}`;
  await process.call({ is: 'know', full: true, changes: [] });
  for (const call of said) await process.call(call);
  for (const [index, call] of scene.before.entries()) {
    const came = await process.call(call);
    if (came.is !== 'decoded') return `message ${index + 1} of the simulated device was answered with ${came.is}`;
  }
  return differenceOf(example, await process.call(scene.call));
}
