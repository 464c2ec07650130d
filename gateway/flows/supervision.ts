/** Where Node-RED's process is in its life. `waiting` until the next start, `held` until somebody starts it again. */
export type FlowsState = 'starting' | 'running' | 'waiting' | 'held' | 'closed';
type FlowsEvent = 'joined' | 'lost' | 'spent' | 'due' | 'close';

/** Every event that means something in a state; all others leave the state as it is. */
const table: Readonly<Record<FlowsState, Partial<Record<FlowsEvent, FlowsState>>>> = {
  starting: { joined: 'running', lost: 'waiting', spent: 'held', close: 'closed' },
  running: { lost: 'waiting', spent: 'held', close: 'closed' },
  waiting: { due: 'starting', close: 'closed' },
  held: { due: 'starting', close: 'closed' },
  closed: {},
};

export function nextState(state: FlowsState, event: FlowsEvent): FlowsState {
  return table[state][event] ?? state;
}

const firstWaitMs = 1_000;
const longestWaitMs = 60_000;
/** Ends within the window after which it is held: a flow that ends Node-RED at every start does so for ever. */
export const mostEnds = 5;
const windowMs = 15 * 60_000;

/** The ends of the last quarter of an hour. Pure: monotonic time comes in. */
export interface RestartBudget {
  /** Books one end: how long to wait before the next start, or undefined when there is none. */
  book(nowMs: number): number | undefined;
  forget(): void;
}

export function restartBudget(): RestartBudget {
  let ends: number[] = [];
  return {
    book(nowMs) {
      ends = [...ends.filter((at) => nowMs - at < windowMs), nowMs];
      if (ends.length >= mostEnds) return undefined;
      return Math.min(longestWaitMs, firstWaitMs * 2 ** (ends.length - 1));
    },
    forget() {
      ends = [];
    },
  };
}
