import type { CellLimits } from './options.ts';

/** Where a cell is in its life. */
export type CellState = 'starting' | 'running' | 'restarting' | 'quarantined' | 'closed';
/** What can happen to it. `spent`: the process ended and the restart budget of the contract is used up. */
export type CellEvent = 'ready' | 'ended' | 'spent' | 'due' | 'close';

/** Every event that means something in a state; all others leave the state as it is. */
const table: Readonly<Record<CellState, Partial<Record<CellEvent, CellState>>>> = {
  starting: { ready: 'running', ended: 'restarting', spent: 'quarantined', close: 'closed' },
  running: { ended: 'restarting', spent: 'quarantined', close: 'closed' },
  restarting: { due: 'starting', close: 'closed' },
  quarantined: { close: 'closed' },
  closed: {},
};

export function nextState(state: CellState, event: CellEvent): CellState {
  return table[state][event] ?? state;
}

const firstBackoffMs = 250;
const maxBackoffMs = 5_000;

/** The ends of a cell's processes within the window of its budget. Pure: monotonic time comes in. */
export interface RestartBudget {
  /** Books one end: how long to wait before the next start, or undefined when there is no next one. */
  book(nowMs: number): number | undefined;
}

export function restartBudget({ max, windowMs }: CellLimits['restarts']): RestartBudget {
  let ends: number[] = [];
  return {
    book(nowMs) {
      ends = [...ends.filter((at) => nowMs - at < windowMs), nowMs];
      if (ends.length > max) return undefined;
      return Math.min(maxBackoffMs, firstBackoffMs * 2 ** (ends.length - 1));
    },
  };
}
