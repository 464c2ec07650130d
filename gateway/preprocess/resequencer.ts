/**
 * Gives results out in the order of their tickets, although they come in any order. While it is held, everything
 * waits. `release` runs synchronously, so that what it does to state per device happens in the order of arrival.
 */
export interface Resequencer<Result> {
  ticket(): number;
  put(ticket: number, result: Result): void;
  hold(): void;
  resume(): void;
}

export function openResequencer<Result>(release: (result: Result) => void): Resequencer<Result> {
  const waiting = new Map<number, Result>();
  let issued = 0;
  let next = 0;
  let held = false;
  const drain = (): void => {
    while (!held && waiting.has(next)) {
      const result = waiting.get(next) as Result;
      waiting.delete(next);
      next += 1;
      release(result);
    }
  };
  return {
    ticket: () => issued++,
    put(ticket, result) {
      waiting.set(ticket, result);
      drain();
    },
    hold() {
      held = true;
    },
    resume() {
      held = false;
      drain();
    },
  };
}
