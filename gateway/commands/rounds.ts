import type { Agenda } from './agenda.ts';

/** Looks at the open commands regularly; while there are none, nothing wakes the machine. */
export interface Rounds extends Disposable {
  /** To be called when a command was added. */
  begin(): void;
}

const everyMs = 200;

export function openRounds(agenda: Pick<Agenda, 'size'>, look: () => void): Rounds {
  let next: NodeJS.Timeout | undefined;
  let isClosed = false;
  const begin = (): void => {
    if (isClosed || next !== undefined || agenda.size === 0) return;
    next = setTimeout(() => {
      next = undefined;
      look();
      begin();
    }, everyMs).unref();
  };
  begin();
  return {
    begin,
    [Symbol.dispose]() {
      isClosed = true;
      clearTimeout(next);
    },
  };
}
