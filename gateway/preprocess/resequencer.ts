/**
 * Gives results out in the order of their tickets, although they come in any order. While it is held, everything
 * waits. `release` runs synchronously, so that what it does to state per device happens in the order of arrival.
 */
export interface Resequencer<Result extends object> {
  ticket(): number;
  put(ticket: number, result: Result): void;
  hold(): void;
  resume(): void;
}

export function openResequencer<Result extends object>(release: (result: Result) => void): Resequencer<Result> {
  const waiting = new Map<number, Result>();
  let issued = 0;
  let next = 0;
  let held = false;
  const drain = (): void => {
    for (let result = waiting.get(next); result !== undefined; result = waiting.get(next)) {
      if (held) return;
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
