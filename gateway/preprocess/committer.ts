import type { Logger } from 'pino';
import type { Measurement } from '../../contracts/message.ts';
import type { Append, Entry, NewDeadLetter } from '../../contracts/pipeline.ts';
import type { Envelope } from '../../contracts/plugin.ts';
import { tell } from '../observability/channels.ts';
import type { DecodedBatch, RoutedWaiting, Waiting } from './dispatcher.ts';
import type { KnowledgeBook } from './knowledge.ts';
import { newDraft } from './draft.ts';
import type { Draft } from './draft.ts';
import type { OrderedSteps } from './ordered-steps.ts';
import type { Change, Decoded, DetailedResult, EnvelopeResult, PluginDescriptor, Refusal } from './task.ts';

const sampleBytes = 1_024;

export interface CommitterParts {
  readonly append: Append;
  readonly steps: OrderedSteps;
  readonly knowledge: KnowledgeBook;
  readonly plugins: readonly PluginDescriptor[];
  /** A commit failed after state in memory had run ahead of it. */
  readonly onLostState: () => void;
  /** An envelope has its answer. */
  readonly onSettled: (waiting: Waiting) => void;
  readonly log: Logger;
}

/** Turns decoded batches into entries, in order, and answers each envelope when its entry is durable. */
export interface Committer {
  commit(batch: DecodedBatch): void;
  closeWindows(): void;
  /** Resolves when no commit is outstanding. */
  quiet(): Promise<void>;
}

export function openCommitter(parts: CommitterParts): Committer {
  const { append, steps, knowledge, plugins } = parts;
  const outstanding = outstandingCommits();

  const store = (entry: Entry, touched: boolean, changes: readonly Change[], waiting?: Waiting): void => {
    outstanding.begin();
    append(entry).then(
      () => {
        if (waiting !== undefined) {
          parts.onSettled(waiting);
          waiting.resolve(outcomeOf(entry));
        }
        outstanding.end();
      },
      (error: unknown) => {
        if (changes.length > 0) knowledge.markUnsaved(changes);
        if (touched) parts.onLostState();
        if (waiting === undefined) parts.log.warn({ err: error }, 'roll-ups could not be stored; they come again');
        else {
          parts.onSettled(waiting);
          waiting.reject(error);
        }
        outstanding.end();
      },
    );
  };

  const commitOne = ({ waiting, envelope, plugin: at }: RoutedWaiting, result: EnvelopeResult, draft: Draft): Entry => {
    const { name = '', proto = '' } = plugins[at] ?? {};
    const { measurements, refused, changes } = 'refused' in result ? result : plain(result);
    for (const one of measurements) steps.apply(measurementOf(one, envelope, proto), draft);
    if (measurements.length + refused.length === 0) {
      draft.filtered.push({ device: envelope.client, reason: 'noise', count: 1 });
    }
    const deadLetters = refused.map((refusal) => deadLetter(envelope, name, refusal));
    const owed = [...changes, ...knowledge.takeUnsaved()];
    for (const change of owed) draft.writes.push(knowledge.writeOf(change));
    const entry = entryOf(draft, deadLetters, waiting.alongside);
    store(entry, draft.touched, owed, waiting);
    return entry;
  };

  const turnAway = ({ waiting }: RoutedWaiting, error: unknown): void => {
    parts.onSettled(waiting);
    waiting.reject(error);
  };

  return {
    commit(batch) {
      const dropped = new Map<string, number>();
      const sum = { stored: 0, filtered: 0, deadLettered: 0 };
      for (const [index, item] of batch.items.entries()) {
        const result = batch.results[index];
        if (result === undefined) {
          turnAway(item, batch.error);
          continue;
        }
        const entry = commitOne(item, result, newDraft(dropped));
        sum.stored += entry.measurements.length;
        sum.filtered += entry.filtered.length;
        sum.deadLettered += entry.deadLetters.length;
      }
      tell('ingested', sum);
      for (const [reason, count] of dropped) tell('dropped', { stage: 'preprocess', reason, count });
    },
    closeWindows() {
      const draft = newDraft(new Map());
      steps.closeWindows(draft);
      if (draft.measurements.length > 0) store(entryOf(draft, nothing, nothing), true, nothing);
    },
    quiet: () => outstanding.quiet(),
  };
}

function outstandingCommits(): { begin(): void; end(): void; quiet(): Promise<void> } {
  let count = 0;
  let whenQuiet: (() => void)[] = [];
  return {
    begin: () => void (count += 1),
    end() {
      count -= 1;
      if (count > 0) return;
      for (const resolve of whenQuiet) resolve();
      whenQuiet = [];
    },
    quiet: async () => {
      if (count > 0) await new Promise<void>((resolve) => void whenQuiet.push(resolve));
    },
  };
}

const nothing: readonly never[] = [];

function plain(measurements: readonly Decoded[]): DetailedResult {
  return { measurements, refused: nothing, changes: nothing };
}

function entryOf(draft: Draft, deadLetters: readonly NewDeadLetter[], alongside: Entry['writes']): Entry {
  const { measurements, filtered, writes } = draft;
  return { measurements, filtered, deadLetters, writes: writes.length === 0 ? alongside : [...alongside, ...writes] };
}

function outcomeOf({ measurements, filtered, deadLetters }: Entry): Parameters<Waiting['resolve']>[0] {
  let left = 0;
  for (const { count } of filtered) left += count;
  return { stored: measurements.length, filtered: left, deadLettered: deadLetters.length };
}

function measurementOf(decoded: Decoded, envelope: Envelope, proto: string): Measurement {
  return { ...decoded, rts: envelope.receivedAt, src: { proto, topic: envelope.topic } };
}

/** Without a device of its own a dead letter is booked on the sender. */
function deadLetter(envelope: Envelope, plugin: string, { device, code, detail }: Refusal): NewDeadLetter {
  tell('rejected', { stage: 'preprocess', reason: code, count: 1 });
  return {
    device: device ?? envelope.client,
    plugin,
    topic: envelope.topic,
    code,
    detail,
    sample: new Uint8Array(envelope.payload.subarray(0, sampleBytes)),
    receivedAt: envelope.receivedAt,
  };
}
