import { PortcullisError } from '../../contracts/errors.ts';
import type { Ingest, LetterOrigin } from '../../contracts/pipeline.ts';
import type { SqlRow, TableStore } from '../../contracts/table-set.ts';

/** Which dead letters; what is left out is every one. */
export interface LetterChoice {
  readonly code?: string | undefined;
  readonly plugin?: string | undefined;
  readonly device?: string | undefined;
}

/** What became of messages that were taken again; `more`: others of the choice wait for the next call. */
export interface Replayed {
  readonly taken: number;
  readonly stored: number;
  readonly filtered: number;
  readonly refusedAgain: number;
  readonly more: boolean;
}

export interface LetterReplay {
  /**
   * Takes the oldest of the choice again, each as it came and with the time at which it came. What becomes of a message and
   * that it was taken again are one commit. Rejects with CONFLICT while another replay runs, OVERLOADED as ingest does.
   */
  run(choice: LetterChoice): Promise<Replayed>;
}

/** Messages of one call; at once as many as a busy device sends. */
const mostAtOnce = 1_000;
const together = 25;

export function openLetterReplay(deps: {
  readonly ingest: Ingest;
  readonly store: TableStore;
  readonly wallMs: () => number;
}): LetterReplay {
  let isBusy = false;
  return {
    async run(choice) {
      if (isBusy) throw new PortcullisError('CONFLICT', 'Dead letters are being taken again. Wait until that is over.');
      isBusy = true;
      try {
        return await replay(choice, deps);
      } finally {
        isBusy = false;
      }
    },
  };
}

async function replay(
  { code = '', plugin = '', device = '' }: LetterChoice,
  { ingest, store, wallMs }: Parameters<typeof openLetterReplay>[0],
): Promise<Replayed> {
  const sum = { taken: 0, stored: 0, filtered: 0, refusedAgain: 0 };
  // A letter that is refused again is a new one: only those are taken that are there now.
  const params = [0, code, code, plugin, plugin, device, device, mostAtOnce + 1];
  const waiting = await store.read('buffer.waiting', params);
  const letters = waiting.slice(0, mostAtOnce).map(letterOf);
  for (let at = 0; at < letters.length; at += together) {
    const outcomes = await Promise.all(
      letters.slice(at, at + together).map(({ id, envelope, sample }) => {
        const { receivedAt, topic } = envelope;
        return ingest(envelope, [{ statement: 'buffer.replayed', params: [wallMs(), id, receivedAt, topic, sample] }]);
      }),
    );
    for (const { stored, filtered, deadLettered } of outcomes) {
      sum.taken += 1;
      sum.stored += stored;
      sum.filtered += filtered;
      sum.refusedAgain += deadLettered > 0 ? 1 : 0;
    }
  }
  return { ...sum, more: waiting.length > letters.length };
}

function letterOf(row: SqlRow): { id: number; envelope: Parameters<Ingest>[0]; sample: Uint8Array } {
  const sample = row['sample'] as Uint8Array;
  const came = JSON.parse(String(row['origin'])) as Omit<LetterOrigin, 'rest'>;
  const payload = Buffer.concat([sample, row['rest'] as Uint8Array]);
  const envelope = { ...came, topic: String(row['topic']), payload, receivedAt: Number(row['receivedAt']) };
  return { id: Number(row['id']), envelope, sample };
}
