import type { Logger } from 'pino';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Append, Entry, NewDeadLetter, Outcome, TextMeasurement } from '../../contracts/pipeline.ts';
import type { Envelope } from '../../contracts/plugin.ts';
import { tell } from '../observability/channels.ts';
import type { EndedCommits } from './company.ts';
import type { DecodedBatch, RoutedWaiting, Waiting } from './dispatcher.ts';
import type { KnowledgeBook } from './knowledge.ts';
import { newDraft } from './draft.ts';
import type { Draft } from './draft.ts';
import type { OrderedSteps } from './ordered-steps.ts';
import { outstandingCommits, type OutstandingCommits } from './outstanding-commits.ts';
import { isText } from './packed-results.ts';
import { entryOf, nothing, openGathering } from './parcel.ts';
import type { Parcel, Receiver } from './parcel.ts';
import { changesOf, measurementOf } from './task.ts';
import type { EnvelopeResult, PluginDescriptor, Refusal } from './task.ts';

const sampleBytes = 1_024;
/** A larger message that is refused is kept as a sample only, and cannot be taken again. */
const maxKeptBytes = 8 * 1_024;

export interface CommitterParts {
  readonly append: Append;
  readonly steps: OrderedSteps;
  readonly knowledge: KnowledgeBook;
  readonly plugins: readonly PluginDescriptor[];
  /** A commit failed after state in memory had run ahead of it. */
  readonly onLostState: () => void;
  /** Why an envelope may not be committed any more; asked for each. */
  readonly refusalOf: (waiting: Waiting) => unknown;
  /** An envelope was refused that will be offered again: nothing that is under way may overtake it. */
  readonly onRefused: (error: unknown) => void;
  /** An envelope has its answer. */
  readonly onSettled: (waiting: Waiting) => void;
  readonly onEnded: (commits: EndedCommits) => void;
  readonly log: Logger;
}

/** Turns decoded batches into entries, in order, and answers each envelope when its entry is durable. */
export interface Committer {
  commit(batch: DecodedBatch): void;
  closeWindows(): void;
  /** Resolves when no commit is outstanding. */
  quiet(): Promise<void>;
  /** Milliseconds that the disk is at the youngest commit; undefined when none is outstanding. */
  readonly committingMs: number | undefined;
}

export function openCommitter(parts: CommitterParts): Committer {
  const { steps, knowledge, plugins } = parts;
  const outstanding = outstandingCommits(parts.onEnded);

  const store = openStore(parts, outstanding);

  const apply = ({ envelope, plugin: at }: RoutedWaiting, result: EnvelopeResult, draft: Draft): void => {
    const measurements = 'refused' in result ? result.measurements : result;
    const { name = '', proto = '' } = plugins[at] ?? {};
    for (const one of measurements) {
      if ('text' in one) steps.applyToText(one, draft);
      else steps.apply(measurementOf(one, envelope, proto), draft);
    }
    const refused = 'refused' in result ? result.refused.length : 0;
    if (measurements.length + refused === 0) draft.filtered.push({ device: unnamed(name), reason: 'noise', count: 1 });
  };

  const parcelOf = (item: RoutedWaiting, result: EnvelopeResult, draft: Draft): Parcel => {
    const { waiting, envelope, plugin: at } = item;
    const { refused, changes } = 'refused' in result ? result : { refused: nothing, changes: nothing };
    apply(item, result, draft);
    const isWhole = 'refused' in result && result.measurements.length === 0;
    const deadLetters = refused.map((refusal, index) =>
      // One of them brings the whole message back.
      deadLetter(envelope, plugins[at]?.name ?? '', refusal, isWhole && index === 0),
    );
    const owed = [...changes, ...knowledge.takeUnsaved()];
    for (const change of owed) draft.writes.push(knowledge.writeOf(change));
    const entry = entryOf(draft, deadLetters, waiting.alongside);
    return { entry, touched: draft.touched, owed, receivers: [{ waiting, outcome: outcomeOf(entry) }] };
  };

  const turnAway = ({ waiting }: RoutedWaiting, error: unknown, result: EnvelopeResult = nothing): void => {
    // It is known by now, and the message that comes again will not teach it.
    knowledge.markUnsaved(changesOf(result));
    parts.onSettled(waiting);
    waiting.reject(error);
  };

  /** The common case: records alone, for nobody but the sinks. */
  const isPlain = ({ waiting }: RoutedWaiting, result: EnvelopeResult): result is readonly TextMeasurement[] =>
    isText(result) && waiting.alongside.length === 0 && !knowledge.hasUnsaved;
  const applyTexts = (measurements: readonly TextMeasurement[], draft: Draft): void => {
    for (const one of measurements) steps.applyToText(one, draft);
  };

  return {
    commit({ items, results, error }) {
      const dropped = new Map<string, number>();
      const sum = { stored: 0, filtered: 0, deadLettered: 0 };
      const together = openGathering(dropped, applyTexts);
      const storeTogether = (): void => {
        const parcel = together.parcel();
        if (parcel !== undefined) store(parcel);
      };
      for (const [index, item] of items.entries()) {
        const result = results[index];
        const refusal = parts.refusalOf(item.waiting);
        if (result === undefined || refusal !== undefined) {
          turnAway(item, refusal ?? error, result);
        } else if (isPlain(item, result)) {
          add(sum, together.take(item.waiting, result));
        } else {
          const parcel = parcelOf(item, result, newDraft(dropped));
          for (const { outcome } of parcel.receivers) add(sum, outcome);
          if (together.absorb(parcel)) continue;
          storeTogether();
          store(parcel);
        }
      }
      storeTogether();
      if (mayComeAgain(error)) parts.onRefused(error);
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
    get committingMs() {
      return outstanding.youngestMs;
    },
  };
}

/** Sends parcels to the buffer and gives the receivers their answers. */
function openStore(
  { append, knowledge, log, onRefused, onSettled, onLostState }: CommitterParts,
  outstanding: OutstandingCommits,
): (parcel: Parcel) => void {
  return ({ entry, touched, owed, receivers }: Parcel): void => {
    const since = outstanding.begin();
    tell('way', { point: 'to-disk', items: receivers });
    append(entry).then(
      () => {
        tell('way', { point: 'on-disk', items: receivers });
        for (const { waiting, outcome } of receivers) {
          onSettled(waiting);
          waiting.resolve(outcome);
        }
        outstanding.end(since, receivers.map(senderOf));
      },
      (error: unknown) => {
        if (owed.length > 0) knowledge.markUnsaved(owed);
        if (touched) onLostState();
        if (mayComeAgain(error)) onRefused(error);
        if (receivers.length === 0) log.warn({ err: error }, 'roll-ups could not be stored; they come again');
        for (const { waiting } of receivers) {
          onSettled(waiting);
          waiting.reject(error);
        }
        outstanding.end(since, receivers.map(senderOf));
      },
    );
  };
}

const mayComeAgain = (error: unknown): boolean => error instanceof PortcullisError && error.retryable;

const senderOf = ({ waiting }: Receiver): string => waiting.envelope.client;

function outcomeOf({ measurements, filtered, deadLetters }: Entry): Outcome {
  let left = 0;
  for (const { count } of filtered) left += count;
  return { stored: measurements.length, filtered: left, deadLettered: deadLetters.length };
}

function add(sum: { -readonly [Key in keyof Outcome]: Outcome[Key] }, outcome: Outcome): void {
  sum.stored += outcome.stored;
  sum.filtered += outcome.filtered;
  sum.deadLettered += outcome.deadLettered;
}

/**
 * Where the ledger books what names no device: on the plugin. Client ids are no devices, and where nobody has to log in
 * they are made up at each connect.
 */
const unnamed = (plugin: string): string => `plugin:${plugin === '' ? 'none' : plugin}`;

function deadLetter(
  envelope: Envelope,
  plugin: string,
  { device, code, detail }: Refusal,
  mayComeAgain: boolean,
): NewDeadLetter {
  tell('rejected', { stage: 'preprocess', reason: code, count: 1 });
  return {
    device: device ?? unnamed(plugin),
    plugin,
    topic: envelope.topic,
    code,
    detail: device === undefined ? `${detail} Sent by the client ${envelope.client.slice(0, 64)}.` : detail,
    sample: new Uint8Array(envelope.payload.subarray(0, sampleBytes)),
    receivedAt: envelope.receivedAt,
    origin: mayComeAgain ? originOf(envelope) : undefined,
  };
}

function originOf({ transport, client, retain, plugin, user, payload }: Envelope): NewDeadLetter['origin'] {
  if (payload.length > maxKeptBytes) return undefined;
  return { transport, client, retain, plugin, user, rest: new Uint8Array(payload.subarray(sampleBytes)) };
}
