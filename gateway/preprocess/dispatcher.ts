import type { Outcome } from '../../contracts/pipeline.ts';
import type { Envelope } from '../../contracts/plugin.ts';
import type { Write } from '../../contracts/table-set.ts';
import { tell } from '../observability/channels.ts';
import type { BatchRunner } from './batch-runner.ts';
import { awaitCompany, type EndedCommits } from './company.ts';
import type { IngestOptions } from './options.ts';
import type { KnowledgeBook } from './knowledge.ts';
import type { Resequencer } from './resequencer.ts';
import type { Router } from './router.ts';
import { changesOf, nobody } from './task.ts';
import type { EnvelopeResult, RoutedEnvelope } from './task.ts';
import { fifo, type Fifo } from './fifo.ts';

/** An envelope between its arrival and its commit, and whom to tell. */
export interface Waiting {
  readonly envelope: Envelope;
  readonly alongside: readonly Write[];
  readonly bytes: number;
  /** Refusals of its lane before it arrived. */
  readonly refusals: number;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

export interface RoutedWaiting extends RoutedEnvelope {
  readonly waiting: Waiting;
}

/** A decoded batch. Envelopes without a result get the error. */
export interface DecodedBatch {
  readonly items: readonly RoutedWaiting[];
  readonly results: readonly EnvelopeResult[];
  readonly error?: unknown;
}

export interface DispatcherParts {
  readonly router: Router;
  readonly runner: BatchRunner;
  readonly knowledge: Pick<KnowledgeBook, 'markUnsaved'>;
  readonly resequencer: Resequencer<DecodedBatch>;
  readonly batch: IngestOptions['batch'];
  /** Batches in work at once; one more than threads keeps each thread busy while its last answer is read. */
  readonly slots: number;
  /** Milliseconds that the disk is at the youngest commit; undefined when none is outstanding. */
  readonly committingMs: () => number | undefined;
}

export interface Dispatcher {
  offer(waiting: Waiting): void;
  committed(commits: EndedCommits): void;
  readonly queued: number;
  readonly inFlight: number;
}

/** So many envelopes are worth a batch of their own while another one is in work: a batch costs as much as 15 of them. */
const company = 64;
/** What arrives goes after at most so many turns of the event loop, the last of them without an arrival. */
const mostTurns = 8;

/**
 * Forms batches and keeps the threads busy. Batches size themselves: a few envelopes wait until the batch before them is
 * committed, and a moment for company; many go beside it (decisions 0132, 0175 and 0218). Where nothing is
 * in work, what arrives goes once a turn of the event loop brings no more.
 *
 * A batch in which something is taught runs alone: all before it has finished, and nothing after it is sent until what
 * it taught is known. Within it the thread works in order, so that each envelope sees the lessons before it.
 */
export function openDispatcher(parts: DispatcherParts): Dispatcher {
  const { runner, resequencer } = parts;
  const freeSlots = Array.from({ length: parts.slots }, (_, slot) => slot);
  const queue = fifo<Waiting>();
  let inFlight = 0;
  let alone = false;
  /** Turns of the event loop left to gather in; undefined while nobody gathers. */
  let turns: number | undefined;
  let growingImpatient: NodeJS.Timeout | undefined;
  const others = awaitCompany({ most: company, queued: () => queue.length, onEnd: pump });

  const send = async (items: RoutedWaiting[], slot: number, teaching: boolean): Promise<void> => {
    const ticket = resequencer.ticket();
    let done: DecodedBatch;
    tell('way', { point: 'to-threads', items });
    try {
      done = teaching ? await runTeaching(items, slot, parts) : { items, results: await runner.run(items, slot) };
    } catch (error) {
      done = { items, results: [], error };
    }
    tell('way', { point: 'from-threads', items });
    inFlight -= 1;
    alone = false;
    freeSlots.push(slot);
    // With much to do the threads first, then the main thread's own share of the work.
    if (queue.length >= company) pump();
    resequencer.put(ticket, done);
    pump();
  };

  const mayGo = (): boolean =>
    queue.length >= company || (inFlight === 0 && (parts.committingMs() ?? Infinity) >= others.patienceMs);

  function pump(): void {
    while (!alone && queue.length > 0 && !others.areExpected() && mayGo()) {
      const slot = freeSlots.at(-1);
      if (slot === undefined) return;
      const { items, teaching } = form(queue, inFlight > 0, parts);
      if (items.length === 0) return;
      freeSlots.pop();
      inFlight += 1;
      alone = teaching;
      void send(items, slot, teaching);
    }
    if (inFlight > 0 || queue.length === 0) return;
    growingImpatient ??= setTimeout(() => {
      growingImpatient = undefined;
      pump();
    }, others.patienceMs);
  }

  const gather = (seen: number): void => {
    if (queue.length > seen && queue.length < company && turns !== undefined && turns > 0) {
      turns -= 1;
      setImmediate(gather, queue.length);
      return;
    }
    turns = undefined;
    pump();
  };

  const schedule = (): void => {
    if (turns !== undefined || freeSlots.length === 0 || queue.length === 0) return;
    if (others.areExpected()) return;
    turns = mostTurns;
    setImmediate(gather, 0);
  };

  return {
    offer(waiting) {
      queue.push(waiting);
      others.came(waiting.envelope.client);
      schedule();
    },
    committed(commits) {
      others.ended({ ...commits, isQuiet: commits.isQuiet && inFlight === 0 });
      schedule();
    },
    get queued() {
      return queue.length;
    },
    get inFlight() {
      return inFlight;
    },
  };
}

/** Takes envelopes from the queue, up to the caps; one that teaches waits until nothing is in flight. */
function form(
  queue: Fifo<Waiting>,
  isInFlight: boolean,
  { router, batch: caps }: DispatcherParts,
): { items: RoutedWaiting[]; teaching: boolean } {
  const items: RoutedWaiting[] = [];
  let teaching = false;
  let bytes = 0;
  for (let waiting = queue.peek(); waiting !== undefined && items.length < caps.envelopes; waiting = queue.peek()) {
    bytes += waiting.envelope.payload.length;
    if (items.length > 0 && bytes > caps.bytes) break;
    const item = routed(waiting, router);
    if (item.teaches && isInFlight) break;
    teaching ||= item.teaches;
    queue.shift();
    items.push(item);
  }
  return { items, teaching };
}

/** Runs a batch again from the first envelope that goes elsewhere by what the batch itself taught. */
async function runTeaching(
  items: RoutedWaiting[],
  slot: number,
  { runner, router, knowledge }: DispatcherParts,
): Promise<DecodedBatch> {
  let results = await runner.run(items, slot);
  for (let index = 1; index < items.length; index++) {
    const item = items[index] as RoutedWaiting;
    if (routed(item.waiting, router).plugin === item.plugin) continue;
    items.splice(index, Infinity, ...items.slice(index).map(({ waiting }) => routed(waiting, router)));
    // What the forsaken results taught is known by now: running again teaches it no second time.
    knowledge.markUnsaved(results.slice(index).flatMap(changesOf));
    results = results.slice(0, index);
    try {
      results = [...results, ...(await runner.run(items.slice(index), slot))];
    } catch (error) {
      return { items, results, error };
    }
  }
  return { items, results };
}

function routed(waiting: Waiting, router: Router): RoutedWaiting {
  const { envelope } = waiting;
  const { plugin, teaches } = router.route(envelope) ?? unrouted;
  return { waiting, envelope, plugin, teaches };
}

const unrouted = { plugin: nobody, teaches: false };
