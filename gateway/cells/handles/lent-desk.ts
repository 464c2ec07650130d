import { tell } from '../../observability/channels.ts';
import type { LentGpioLine, LentSerialPort } from '../../../contracts/handles.ts';
import { handleLimits as limits } from './handle-limits.ts';
import { done, refused, type Told } from './told.ts';

/** What a plugin hears from something that it was lent. */
export type Heard =
  | { readonly topic: string; readonly payload: string }
  | { readonly data: string }
  | { readonly level: 0 | 1 }
  | { readonly closed: true };

/** One thing that is lent, and how it is given back. */
interface Lent {
  readonly end: AsyncDisposable;
  readonly serial?: LentSerialPort;
  readonly line?: LentGpioLine;
}

type Kind = 'topics' | 'serial' | 'gpio';

export interface LentDesk extends AsyncDisposable {
  /** Opens something and gives its number to the plugin. `open` may say things before the number is known: they wait for it. */
  lend(kind: Kind, open: (say: (heard: Heard) => void) => Promise<Lent>): Promise<Told>;
  /** What was lent under the number; undefined for a number of somebody else's making. */
  find(stream: number): Lent | undefined;
  release(stream: number): Promise<Told>;
}

/** The things that one process of a plugin has in hand. Numbers mean nothing outside of it. */
export function lentDesk(hear: (stream: number, heard: Heard) => boolean): LentDesk {
  const lent = new Map<number, Lent>();
  let last = 0;
  let opening = 0;
  let closed = false;
  const drop = (kind: Kind): void => tell('dropped', { stage: 'handles', reason: `${kind}-not-read`, count: 1 });
  return {
    async lend(kind, open) {
      if (closed) return refused('PC-R210', 'the handles were revoked');
      if (lent.size + opening >= limits.lent) return refused('PC-R209', `no more than ${limits.lent} at a time`);
      const stream = (last += 1);
      opening += 1;
      try {
        const one = await open((heard) => {
          if (!hear(stream, heard)) drop(kind);
          if ('closed' in heard) lent.delete(stream);
        });
        if (closed) {
          await one.end[Symbol.asyncDispose]();
          return refused('PC-R210', 'the handles were revoked');
        }
        lent.set(stream, one);
        return done({ stream });
      } finally {
        opening -= 1;
      }
    },
    find: (stream) => lent.get(stream),
    async release(stream) {
      const one = lent.get(stream);
      lent.delete(stream);
      await one?.end[Symbol.asyncDispose]();
      return done();
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      const all = [...lent.values()];
      lent.clear();
      await Promise.allSettled(all.map(({ end }) => end[Symbol.asyncDispose]()));
    },
  };
}
