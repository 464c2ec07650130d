import { differenceOf, playOf, type Example } from './examples.ts';
import type { CellDeps, CellPlan } from './options.ts';
import { openProcessCell } from './process-cell.ts';
import type { ProcessCell, StartFault } from './process-cell.ts';

/** What a contract demands of the running plugin, beyond its shape. */
export interface Demands {
  readonly examples: readonly Example[];
  /** It must start, and keep its examples, without any configuration. Undefined: not demanded, but tried like this. */
  readonly startsUnconfigured?: boolean | undefined;
}

export function demandsAnything({ examples, startsUnconfigured }: Demands): boolean {
  return examples.length > 0 || startsUnconfigured === true;
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
  for (const [index, example] of demands.examples.entries()) {
    const wrong = await play(example, process);
    if (wrong !== undefined) return { code: 'PC-R206', detail: `example ${index + 1} (${example.call}): ${wrong}` };
  }
  return undefined;
}

async function play(example: Example, process: ProcessCell): Promise<string | undefined> {
  const scene = playOf(example, process.described.teaches);
  if (typeof scene === 'string') return `it cannot be played, ${scene}`;
  await process.call({ is: 'know', full: true, changes: [] });
  for (const [index, call] of scene.before.entries()) {
    const came = await process.call(call);
    if (came.is !== 'decoded') return `message ${index + 1} of the simulated device was answered with ${came.is}`;
  }
  return differenceOf(example, await process.call(scene.call));
}
