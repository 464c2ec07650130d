import { backoffMs, type BackoffPolicy } from '../lib/backoff.ts';

export type LoopStateName = 'connecting' | 'idle' | 'writing' | 'backing-off' | 'stopped';

/**
 * Where a delivery loop stands. Times are monotonic milliseconds.
 *
 * `failures` counts failures since things last went well for `stableMs`; `healthySince` is the first success after
 * the last failure. `outage` is true from the first failure without any progress until the next success.
 */
export interface LoopState {
  readonly name: LoopStateName;
  readonly connected: boolean;
  readonly closing: boolean;
  readonly failures: number;
  readonly healthySince: number | undefined;
  readonly wakeAt: number | undefined;
  readonly outage: boolean;
  readonly reason: string | undefined;
}

/** `progress` tells whether anything of the failed write was settled by the far side: slow is no outage. */
export interface Failure {
  readonly reason: string;
  readonly forMs: number | 'transient' | 'stopped';
  readonly progress: boolean;
}

export type LoopInput =
  | { readonly is: 'connected' | 'arrival' | 'claimed' | 'written' | 'drained' | 'due' | 'resume' | 'stop' }
  | ({ readonly is: 'failed' } & Failure);

/** What the driver does next; `wake` replaces the timer. */
export type LoopEffect =
  | { readonly do: 'connect' }
  | { readonly do: 'pump' }
  | { readonly do: 'rest' }
  | { readonly do: 'wake'; readonly afterMs: number }
  | { readonly do: 'outage'; readonly change: 'started' | 'ended'; readonly reason: string }
  | { readonly do: 'halted'; readonly active: boolean; readonly reason: string };

export interface LoopContext {
  readonly nowMs: number;
  readonly pollMs: number;
  readonly backoff: BackoffPolicy;
  readonly random: () => number;
}

export interface LoopStep {
  readonly state: LoopState;
  readonly effects: readonly LoopEffect[];
}

type Cell = (state: LoopState, context: LoopContext, input: LoopInput) => LoopStep;

export const initialState: LoopState = {
  name: 'connecting',
  connected: false,
  closing: false,
  failures: 0,
  healthySince: undefined,
  wakeAt: undefined,
  outage: false,
  reason: undefined,
};

const stay = (state: LoopState, ...effects: LoopEffect[]): LoopStep => ({ state, effects });

const pump: Cell = (state) => stay(state, { do: 'pump' });

const poll: Cell = (state, context) => stay(state, { do: 'pump' }, { do: 'wake', afterMs: context.pollMs });

const stop: Cell = (state) => stay({ ...state, name: 'stopped', closing: true, wakeAt: undefined }, { do: 'rest' });

/** A success ends the outage; the count of failures stays until the stable period has passed. */
function well(state: LoopState, context: LoopContext): LoopStep {
  const next = { ...state, outage: false, reason: undefined, healthySince: state.healthySince ?? context.nowMs };
  return state.outage
    ? stay(next, { do: 'outage', change: 'ended', reason: state.reason ?? '' })
    : { state: next, effects: [] };
}

const connected: Cell = (state, context) => {
  const step = well({ ...state, name: 'idle', connected: true, wakeAt: undefined }, context);
  return stay(step.state, ...step.effects, { do: 'pump' }, { do: 'wake', afterMs: context.pollMs });
};

const failed: Cell = (state, context, input) => {
  const { reason, forMs, progress } = input as LoopInput & Failure;
  const stable = state.healthySince !== undefined && context.nowMs - state.healthySince >= context.backoff.stableMs;
  const failures = stable ? 0 : state.failures;
  const begins = !state.outage && !progress;
  const outage: LoopEffect[] = begins ? [{ do: 'outage', change: 'started', reason }] : [];
  const next = { ...state, failures: failures + 1, healthySince: undefined, outage: state.outage || begins, reason };
  if (forMs === 'stopped') {
    return stay({ ...next, name: 'stopped', wakeAt: undefined }, ...outage, { do: 'rest' }, halted(true, reason));
  }
  const afterMs = forMs === 'transient' ? backoffMs(failures, context.backoff, context.random) : forMs;
  return stay({ ...next, name: 'backing-off', wakeAt: context.nowMs + afterMs }, ...outage, { do: 'wake', afterMs });
};

const halted = (active: boolean, reason: string): LoopEffect => ({ do: 'halted', active, reason });

/** While backing off, other batches still in flight come home: one outage is one failure, the longest wait wins. */
const failedAgain: Cell = (state, context, input) => {
  const { forMs } = input as LoopInput & Failure;
  if (forMs === 'stopped') return failed(state, context, input);
  if (forMs === 'transient' || context.nowMs + forMs <= (state.wakeAt ?? 0)) return stay(state);
  return stay({ ...state, wakeAt: context.nowMs + forMs }, { do: 'wake', afterMs: forMs });
};

const due: Cell = (state, context) => {
  const waitMs = (state.wakeAt ?? 0) - context.nowMs;
  if (waitMs > 0) return stay(state, { do: 'wake', afterMs: waitMs });
  const next = { ...state, wakeAt: undefined };
  if (!state.connected) return stay({ ...next, name: 'connecting' }, { do: 'connect' });
  return stay({ ...next, name: 'idle' }, { do: 'pump' }, { do: 'wake', afterMs: context.pollMs });
};

const resume: Cell = (state, context) => {
  if (state.closing) return stay(state);
  const step = due({ ...state, wakeAt: undefined }, context, { is: 'due' });
  return stay(step.state, halted(false, state.reason ?? ''), ...step.effects);
};

/** The whole machine: what is not in the table changes nothing. */
const table: Readonly<Record<LoopStateName, Readonly<Partial<Record<LoopInput['is'], Cell>>>>> = {
  connecting: { connected, failed, stop },
  idle: { arrival: pump, due: poll, claimed: (state) => stay({ ...state, name: 'writing' }), failed, stop },
  writing: {
    arrival: pump,
    due: poll,
    written: well,
    drained: (state) => stay({ ...state, name: 'idle' }),
    failed,
    stop,
  },
  'backing-off': {
    due,
    resume: (state, context, input) => due({ ...state, wakeAt: undefined }, context, input),
    failed: failedAgain,
    stop,
  },
  stopped: { resume, stop },
};

/** The next state and what to do, for one input at one moment. Pure. */
export function nextStep(state: LoopState, input: LoopInput, context: LoopContext): LoopStep {
  return table[state.name][input.is]?.(state, context, input) ?? stay(state);
}

/** Batches per lane that may be out: one probe after a failure, the sink's own limit once it answered. */
export function capacity(state: LoopState, limit: number): number {
  if (state.name !== 'idle' && state.name !== 'writing') return 0;
  return state.failures > 0 && state.healthySince === undefined ? 1 : limit;
}
