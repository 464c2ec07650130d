import type { CellDeps, CellPlan } from '../cells/options.ts';
import type { StartFault } from '../cells/process-cell.ts';
import { rehearse, type Demands, type SimulatedMessage } from '../cells/rehearsal.ts';
import type { Station } from '../../simulator/house/station.ts';

/** Reports of each part of a device, after its introduction. */
const reports = 3;
const periodMs = 60_000;

/** What the contract demands of the running plugin, and the simulated device that plays with it. */
export interface ContractDemands extends Demands {
  /** `conformance.simulator`: a family or a client of the simulated house. */
  readonly simulator?: string | undefined;
}

/** Plays the demands of a contract, with the simulated device that it names; one that nobody has is PC-R206. */
export async function rehearsePlugin(
  plan: CellPlan,
  { simulator, ...demands }: ContractDemands,
  deps: CellDeps,
): Promise<StartFault | undefined> {
  if (simulator === undefined) return rehearse(plan, demands, deps);
  const { families, stations } = await import('../../simulator/house/house.ts');
  const playing = families[simulator] ?? stations.filter(({ clientId }) => clientId === simulator);
  if (playing.length === 0) {
    const known = Object.keys(families).join(', ');
    return { code: 'PC-R206', detail: `there is no simulated device ${simulator.slice(0, 64)}; there are ${known}` };
  }
  return rehearse(plan, { ...demands, said: await saidBy(playing) }, deps);
}

export function demandsAnything({ examples, startsUnconfigured, simulator }: ContractDemands): boolean {
  return examples.length > 0 || startsUnconfigured === true || simulator !== undefined;
}

/** The same every time: its clock stands on a day, and its random numbers come from their names. */
async function saidBy(stations: readonly Station[]): Promise<readonly SimulatedMessage[]> {
  const [{ initialState }, { randomOf }, { tick }] = await Promise.all([
    import('../../simulator/house/physics.ts'),
    import('../../simulator/house/random.ts'),
    import('../../simulator/house/station.ts'),
  ]);
  const start = Date.UTC(2026, 0, 1);
  return stations.flatMap((station) => {
    const lives = station.parts.map((part) => ({
      part,
      state: initialState(part.fields),
      random: randomOf(1, `${station.clientId}/${part.name}`),
    }));
    const hello = station.hello(
      lives.map(({ state }) => state),
      start,
    );
    const later = lives.flatMap(({ part, state: first, random }) => {
      let state = first;
      return Array.from({ length: reports }, (_, i) => {
        const turn = tick(part, state, { now: start + i * periodMs, elapsedMs: periodMs, random });
        state = turn.state;
        return turn.says;
      }).flat();
    });
    return [...hello, ...later].map(({ topic, payload, retain }) => ({ topic, payload, retain }));
  });
}
