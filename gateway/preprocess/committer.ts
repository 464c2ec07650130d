import type { Logger } from 'pino';
import type { Append, Entry, NewDeadLetter, Outcome, WrittenMeasurement } from '../../contracts/pipeline.ts';
import type { Envelope } from '../../contracts/plugin.ts';
import { tell } from '../observability/channels.ts';
import type { DecodedBatch, RoutedWaiting, Waiting } from './dispatcher.ts';
import type { KnowledgeBook } from './knowledge.ts';
import { newDraft } from './draft.ts';
import type { Draft } from './draft.ts';
import type { OrderedSteps } from './ordered-steps.ts';
import { measurementOf } from './task.ts';
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
  const { steps, knowledge, plugins } = parts;
  const outstanding = outstandingCommits();

  const store = openStore(parts, outstanding);

  const parcelOf = ({ waiting, envelope, plugin: at }: RoutedWaiting, result: EnvelopeResult, draft: Draft): Parcel => {
    const { name = '', proto = '' } = plugins[at] ?? {};
    const { measurements, refused, changes } = 'refused' in result ? result : plain(result);
    for (const one of measurements) {
      if ('text' in one) draft.measurements.push(one);
      else steps.apply(measurementOf(one, envelope, proto), draft);
    }
    if (measurements.length + refused.length === 0) {
      draft.filtered.push({ device: unnamed(name), reason: 'noise', count: 1 });
    }
    const deadLetters = refused.map((refusal) => deadLetter(envelope, name, refusal));
    const owed = [...changes, ...knowledge.takeUnsaved()];
    for (const change of owed) draft.writes.push(knowledge.writeOf(change));
    const entry = entryOf(draft, deadLetters, waiting.alongside);
    return { entry, touched: draft.touched, owed, receivers: [{ waiting, outcome: outcomeOf(entry) }] };
  };

  const turnAway = ({ waiting }: RoutedWaiting, error: unknown): void => {
    parts.onSettled(waiting);
    waiting.reject(error);
  };

  return {
    commit(batch) {
      const dropped = new Map<string, number>();
      const sum = { stored: 0, filtered: 0, deadLettered: 0 };
      let plainOnes: Parcel[] = [];
      const storePlainOnes = (): void => {
        if (plainOnes.length > 0) store(joined(plainOnes));
        plainOnes = [];
      };
      for (const [index, item] of batch.items.entries()) {
        const result = batch.results[index];
        if (result === undefined) {
          turnAway(item, batch.error);
          continue;
        }
        const parcel = parcelOf(item, result, newDraft(dropped));
        const { entry } = parcel;
        sum.stored += entry.measurements.length;
        sum.filtered += entry.filtered.length;
        sum.deadLettered += entry.deadLetters.length;
        if (entry.writes.length + entry.deadLetters.length === 0) plainOnes.push(parcel);
        else {
          storePlainOnes();
          store(parcel);
        }
      }
      storePlainOnes();
      tell('ingested', sum);
      for (const [reason, count] of dropped) tell('dropped', { stage: 'preprocess', reason, count });
    },
    closeWindows() {
      const draft = newDraft(new Map());
      steps.closeWindows(draft);
      if (draft.measurements.length === 0) return;
      store({ entry: entryOf(draft, nothing, nothing), touched: true, owed: nothing, receivers: nothing });
    },
    quiet: () => outstanding.quiet(),
  };
}

/** Sends parcels to the buffer and gives the receivers their answers. */
function openStore(
  { append, knowledge, log, onSettled, onLostState }: CommitterParts,
  outstanding: OutstandingCommits,
): (parcel: Parcel) => void {
  return ({ entry, touched, owed, receivers }: Parcel): void => {
    outstanding.begin();
    append(entry).then(
      () => {
        for (const { waiting, outcome } of receivers) {
          onSettled(waiting);
          waiting.resolve(outcome);
        }
        outstanding.end();
      },
      (error: unknown) => {
        if (owed.length > 0) knowledge.markUnsaved(owed);
        if (touched) onLostState();
        if (receivers.length === 0) log.warn({ err: error }, 'roll-ups could not be stored; they come again');
        for (const { waiting } of receivers) {
          onSettled(waiting);
          waiting.reject(error);
        }
        outstanding.end();
      },
    );
  };
}

interface OutstandingCommits {
  begin(): void;
  end(): void;
  quiet(): Promise<void>;
}

function outstandingCommits(): OutstandingCommits {
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

/** An entry on its way to the buffer, and who waits for it with which answer. */
interface Parcel {
  readonly entry: Entry;
  /** State in memory runs ahead of the disk until this is committed. */
  readonly touched: boolean;
  readonly owed: readonly Change[];
  readonly receivers: readonly { readonly waiting: Waiting; readonly outcome: Outcome }[];
}

/**
 * One parcel of several that hold nothing but records. No statement of theirs can fail, so they share their fate
 * anyway, and one entry costs the buffer less than many.
 */
function joined(parcels: readonly Parcel[]): Parcel {
  return {
    entry: {
      measurements: parcels.flatMap(({ entry }) => entry.measurements),
      filtered: parcels.flatMap(({ entry }) => entry.filtered),
      deadLetters: nothing,
      writes: nothing,
    },
    touched: parcels.some(({ touched }) => touched),
    owed: nothing,
    receivers: parcels.flatMap(({ receivers }) => receivers),
  };
}

const nothing: readonly never[] = [];

function plain(measurements: readonly (WrittenMeasurement | Decoded)[]): Omit<DetailedResult, 'measurements'> & {
  readonly measurements: readonly (WrittenMeasurement | Decoded)[];
} {
  return { measurements, refused: nothing, changes: nothing };
}

function entryOf(draft: Draft, deadLetters: readonly NewDeadLetter[], alongside: Entry['writes']): Entry {
  const { measurements, filtered, writes } = draft;
  return { measurements, filtered, deadLetters, writes: writes.length === 0 ? alongside : [...alongside, ...writes] };
}

function outcomeOf({ measurements, filtered, deadLetters }: Entry): Outcome {
  let left = 0;
  for (const { count } of filtered) left += count;
  return { stored: measurements.length, filtered: left, deadLettered: deadLetters.length };
}

/**
 * Where the ledger books what names no device: on the plugin. Client ids are no devices, and where nobody has to log in
 * they are made up at each connect.
 */
const unnamed = (plugin: string): string => `plugin:${plugin === '' ? 'none' : plugin}`;

function deadLetter(envelope: Envelope, plugin: string, { device, code, detail }: Refusal): NewDeadLetter {
  tell('rejected', { stage: 'preprocess', reason: code, count: 1 });
  return {
    device: device ?? unnamed(plugin),
    plugin,
    topic: envelope.topic,
    code,
    detail: device === undefined ? `${detail} Sent by the client ${envelope.client.slice(0, 64)}.` : detail,
    sample: new Uint8Array(envelope.payload.subarray(0, sampleBytes)),
    receivedAt: envelope.receivedAt,
  };
}
