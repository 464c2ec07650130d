import type { Logger } from 'pino';
import { tell } from '../observability/channels.ts';
import type { TickAnswer } from './protocol.ts';

/** Asks the writer to tidy up while there is something to tidy, and lets it sleep while there is not. */
export interface Housekeeping extends Disposable {
  /** Something was committed or settled: there is work, or will be soon. */
  due(): void;
}

const soonMs = 500;

/** `rarelyMs`: how often to look although nothing happens, for what changes with time alone; undefined means never. */
export function keepHouse(
  tick: () => Promise<TickAnswer>,
  { rarelyMs, log }: { rarelyMs: number | undefined; log: Logger },
): Housekeeping {
  let timer: NodeJS.Timeout | undefined;
  let isSoon = false;
  let isOver = false;
  let troubled = false;

  const after = (ms: number | undefined): void => {
    clearTimeout(timer);
    isSoon = ms === soonMs;
    timer = ms === undefined || isOver ? undefined : setTimeout(() => void run(), ms).unref();
  };
  const run = async (): Promise<void> => {
    try {
      const { dropped, more } = await tick();
      for (const [reason, count] of dropped) tell('dropped', { stage: 'buffer', reason, count });
      troubled = false;
      after(more ? soonMs : rarelyMs);
    } catch (error) {
      if (!troubled) log.warn({ err: error }, 'housekeeping of the buffer failed; it is tried again');
      troubled = true;
      after(soonMs);
    }
  };
  after(soonMs);

  return {
    due() {
      if (!isSoon) after(soonMs);
    },
    [Symbol.dispose]() {
      isOver = true;
      clearTimeout(timer);
    },
  };
}
