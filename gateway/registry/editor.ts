import { PortcullisError } from '../../contracts/errors.ts';
import type { Append } from '../../contracts/pipeline.ts';
import type { Clock } from '../lib/clock.ts';
import { draftOver, mergeInto, type Book } from './book.ts';
import type { Touched } from './whereabouts.ts';
import { traceOf, type Traces } from './change-event.ts';

/** Edits that wait for their turn; a further one is OVERLOADED. */
const maxWaiting = 1_024;
/** Edits that share one commit. */
const mostTogether = 256;

interface Waiting {
  /** Runs the edit on a draft; throws what the edit throws. */
  readonly run: (draft: Book) => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** What changes the book, one batch of edits at a time, each edit whole or not at all. */
export interface Editor extends AsyncDisposable {
  /**
   * Runs a synchronous edit on a draft and resolves with what it returned when rows and change events are durable, in
   * one transaction. An edit that throws leaves nothing behind. Reads of the book show committed edits only.
   */
  edit<R>(change: (draft: Book) => R): Promise<R>;
}

export interface EditorParts {
  readonly book: Book;
  readonly append: Append;
  readonly clock: Clock;
  /** Brings the book to what is on disk. */
  readonly reload: () => Promise<void>;
  /** Called after each commit, before its edits are answered. */
  readonly onCommitted: (touched: Touched) => void;
}

export function openEditor({ book, append, clock, reload, onCommitted }: EditorParts): Editor {
  const queue: Waiting[] = [];
  // A commit whose answer was lost may be on disk: before anything builds on the book, the disk is asked.
  let isDoubtful = false;
  let running: Promise<void> | undefined;
  let closed = false;

  const runBatch = async (edits: readonly Waiting[]): Promise<void> => {
    try {
      if (isDoubtful) await reload();
      isDoubtful = false;
    } catch (error) {
      for (const { reject } of edits) reject(error);
      return;
    }
    const batch = draftOver(book);
    const traces: Traces = { writes: [], events: [] };
    const now = Math.trunc(clock.wallMs());
    const done: Waiting[] = [];
    for (const edit of edits) {
      const draft = draftOver(batch);
      try {
        edit.run(draft);
      } catch (error) {
        edit.reject(error);
        continue;
      }
      traceOf(draft, now, traces);
      mergeInto(batch, draft);
      done.push(edit);
    }
    try {
      if (traces.events.length > 0) {
        await append({ measurements: traces.events, writes: traces.writes, filtered: [], deadLetters: [] });
        mergeInto(book, batch);
        onCommitted({ places: batch.places.touched(), devices: batch.devices.touched() });
      }
      for (const { resolve } of done) resolve();
    } catch (error) {
      isDoubtful = true;
      for (const { reject } of done) reject(error);
    }
  };
  const run = async (): Promise<void> => {
    // Edits of the same moment share a commit, also the first ones.
    await Promise.resolve();
    while (queue.length > 0) await runBatch(queue.splice(0, mostTogether));
    running = undefined;
  };

  return {
    edit<R>(change: (draft: Book) => R) {
      if (closed) return Promise.reject(new PortcullisError('STORE_CLOSED', 'The registry is closing.'));
      if (queue.length >= maxWaiting) {
        return Promise.reject(new PortcullisError('OVERLOADED', 'Too many changes of the registry wait for the disk.'));
      }
      const { promise, resolve, reject } = Promise.withResolvers<R>();
      let result: R;
      queue.push({
        run: (draft) => void (result = change(draft)),
        resolve: () => resolve(result),
        reject,
      });
      running ??= run();
      return promise;
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      await running;
    },
  };
}
