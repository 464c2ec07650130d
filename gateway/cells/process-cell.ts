import type { CellDescription } from '../../contracts/cell.ts';
import { startProcess } from './cell-process.ts';
import type { CallResult, CellProcess, Ending } from './cell-process.ts';
import { giveWay } from './give-way.ts';
import { compareShapes } from '../lib/live-shape.ts';
import type { HandlePorts } from './handles/handle-broker.ts';
import type { CellDeps, CellPlan } from './options.ts';
import type { FromCell, WireCall } from './wire.ts';

/** Why a process did not get as far as its first call, with the code of the admission's run-time family. */
export interface StartFault {
  readonly code:
    | 'PC-R201'
    | 'PC-R202'
    | 'PC-R203'
    | 'PC-R204'
    | 'PC-R205'
    | 'PC-R206'
    | 'PC-R213'
    | 'PC-S105'
    | 'CONFIG_INVALID';
  readonly detail: string;
}

/** A start at a tenth of the weight takes so much longer on a machine where every core has other work. */
const gentleTimes = 4;

/** One life of a cell: one process, from its start to its end. It never comes back; its supervisor starts the next. */
export interface ProcessCell extends AsyncDisposable {
  readonly pid: number;
  readonly described: CellDescription;
  /** One call at a time; its deadline begins when it is sent. Never rejects. */
  call(call: WireCall): Promise<CallResult>;
  /** Gives the plugin its handles and runs its `start`; does nothing for a plugin whose contract grants nothing. */
  begin(ports: HandlePorts): void;
  /** Revokes the handles and tells the plugin so. */
  halt(): Promise<void>;
  /** Resolves with the reason when the process is gone. */
  readonly ended: Promise<Ending>;
}

/**
 * Starts a process for the plugin, checks the live module against the static one and gives it its configuration: it
 * decodes nothing before its live shape is the one that was checked. A fault is a value; the process is then gone.
 * `again`: another life of a cell that ended. It starts at a cell's low priority, so that one that ends all the time costs
 * nobody anything, and has the more time for it.
 */
export async function openProcessCell(
  plan: CellPlan,
  deps: CellDeps,
  { again = false }: { readonly again?: boolean } = {},
): Promise<ProcessCell | StartFault> {
  const process = await startProcess(plan, deps, again);
  const { ended } = process;
  const startupMs = plan.limits.startupMs * (again ? gentleTimes : 1);
  const late = setTimeout(
    () => process.end({ is: 'hung', detail: `it did not start within ${startupMs} ms` }),
    startupMs,
  );
  const described = await introduce(plan, process);
  clearTimeout(late);
  const dispose = async (detail: string): Promise<void> => {
    process.end({ is: 'crashed', detail });
    await ended;
  };
  if ('code' in described) {
    await dispose(described.detail);
    return described;
  }
  const pid = process.pid();
  giveWay(pid);
  return {
    pid,
    described,
    ended,
    call: (call) => process.call(call),
    begin: (ports) => {
      const { name, handles } = plan;
      if (handles !== undefined) process.handles.begin({ name, proto: described.proto, handles }, ports);
    },
    halt: () => process.handles.halt(),
    [Symbol.asyncDispose]: () => dispose('it was closed'),
  };
}

async function introduce(plan: CellPlan, process: CellProcess): Promise<CellDescription | StartFault> {
  const { entry, fence, config, expected } = plan;
  const loaded = await process.order({ is: 'load', entry, fence });
  if (loaded.is !== 'loaded') return faultOf(loaded);
  const [difference] = compareShapes(loaded.shape, expected);
  if (difference !== undefined) return difference;
  const started = await process.order({ is: 'start', config });
  return started.is === 'ready' ? started.described : faultOf(started);
}

function faultOf(said: FromCell | Ending): StartFault {
  if (said.is === 'unusable') return { code: said.code, detail: said.detail };
  if (said.is === 'crashed') return { code: 'PC-R201', detail: said.detail };
  if (said.is === 'hung') return { code: 'PC-R202', detail: said.detail };
  return { code: 'PC-R204', detail: said.is === 'broken' ? said.detail : 'it spoke out of turn while it started' };
}
