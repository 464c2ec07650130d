import type { Outcome } from '../../contracts/pipeline.ts';
import type { Envelope } from '../../contracts/plugin.ts';
import type { Write } from '../../contracts/table-set.ts';
import type { BatchRunner } from './batch-runner.ts';
import type { IngestOptions } from './options.ts';
import type { Resequencer } from './resequencer.ts';
import type { Router } from './router.ts';
import type { EnvelopeResult } from './task.ts';
import { fifo } from './fifo.ts';

/** An envelope between its arrival and its commit, and whom to tell. */
export interface Waiting {
  readonly envelope: Envelope;
  readonly alongside: readonly Write[];
  readonly bytes: number;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

export interface RoutedWaiting {
  readonly waiting: Waiting;
  readonly envelope: Envelope;
  readonly plugin: number;
}

/** A decoded batch, or the error that its envelopes get. */
export type DecodedBatch =
  | { readonly items: readonly RoutedWaiting[]; readonly results: readonly EnvelopeResult[] }
  | { readonly items: readonly RoutedWaiting[]; readonly error: unknown };

export interface DispatcherParts {
  readonly router: Router;
  readonly runner: BatchRunner;
  readonly resequencer: Resequencer<DecodedBatch>;
  readonly onUnrouted: (waiting: Waiting) => void;
  readonly batch: IngestOptions['batch'];
  /** Batches in work at once; one more than threads keeps each thread busy while its last answer is read. */
  readonly slots: number;
}

export interface Dispatcher {
  offer(waiting: Waiting): void;
  readonly queued: number;
  readonly inFlight: number;
}

/**
 * Forms batches and keeps the threads busy. Batches size themselves: what arrives in one turn of the event loop goes
 * at once while a slot is free, and gathers while none is. A batch that teaches runs alone: all before it has finished,
 * nothing after it is routed or sent until what it taught is known.
 */
export function openDispatcher(parts: DispatcherParts): Dispatcher {
  const { router, runner, resequencer, onUnrouted, batch: caps } = parts;
  const freeSlots = Array.from({ length: parts.slots }, (_, slot) => slot);
  const queue = fifo<Waiting>();
  let inFlight = 0;
  let alone = false;
  let scheduled = false;

  /** Takes envelopes of one sort from the queue, up to the caps. */
  const form = (): { items: RoutedWaiting[]; teaching: boolean } => {
    const items: RoutedWaiting[] = [];
    let teaching = false;
    let bytes = 0;
    for (let waiting = queue.peek(); waiting !== undefined && items.length < caps.envelopes; waiting = queue.peek()) {
      const { envelope } = waiting;
      const route = router.route(envelope);
      // What is being taught may well route the envelopes behind it.
      if (teaching && route?.teaches !== true) break;
      if (route === undefined) {
        queue.shift();
        onUnrouted(waiting);
        continue;
      }
      bytes += envelope.payload.length;
      if (items.length === 0) teaching = route.teaches;
      else if (route.teaches !== teaching || bytes > caps.bytes) break;
      if (teaching && inFlight > 0) break;
      queue.shift();
      items.push({ waiting, envelope, plugin: route.plugin });
    }
    return { items, teaching };
  };

  const send = async (items: readonly RoutedWaiting[], slot: number, teaching: boolean): Promise<void> => {
    const ticket = resequencer.ticket();
    let done: DecodedBatch;
    try {
      done = { items, results: await runner.run(items, slot, teaching) };
    } catch (error) {
      done = { items, error };
    }
    inFlight -= 1;
    if (teaching) alone = false;
    freeSlots.push(slot);
    // The threads first, then the main thread's own share of the work.
    pump();
    resequencer.put(ticket, done);
  };

  function pump(): void {
    while (!alone && queue.length > 0) {
      const slot = freeSlots.at(-1);
      if (slot === undefined) return;
      const { items, teaching } = form();
      if (items.length === 0) return;
      freeSlots.pop();
      inFlight += 1;
      alone = teaching;
      void send(items, slot, teaching);
    }
  }

  return {
    offer(waiting) {
      queue.push(waiting);
      if (scheduled || freeSlots.length === 0) return;
      scheduled = true;
      setImmediate(() => {
        scheduled = false;
        pump();
      });
    },
    get queued() {
      return queue.length;
    },
    get inFlight() {
      return inFlight;
    },
  };
}
