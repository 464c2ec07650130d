import type { CellLesson } from '../../contracts/cell.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Envelope } from '../../contracts/plugin.ts';
import type { CellDeps, CellPlan } from '../cells/options.ts';
import type { CallResult, Ending } from '../cells/cell-process.ts';
import { openProcessCell } from '../cells/process-cell.ts';
import type { ProcessCell } from '../cells/process-cell.ts';
import type { WireAnswer } from '../cells/wire.ts';
import { matchesFilter } from '../lib/topic-filter.ts';
import type { Decoded } from '../preflight/compare-readings.ts';
import type { Decoder } from '../preflight/preflight.ts';

/** A version in a throw-away process, replaced when a message ends it. */
export interface Replay extends Decoder, AsyncDisposable {
  /** Filters of the plugin and what its knowledge claims. */
  readonly topics: readonly string[];
}

/** A plugin that dies more often is not worth the time of more processes. */
const maxLives = 20;

/**
 * Starts the plugin's process with what the site's plugin has learnt so far. Rejects with PLUGIN_REFUSED when it does
 * not come up.
 */
export async function openReplay(
  plan: CellPlan,
  knowledge: ReadonlyMap<string, string>,
  deps: CellDeps,
): Promise<Replay> {
  const known = new Map(knowledge);
  let lives = 0;

  const start = async (): Promise<ProcessCell> => {
    lives += 1;
    const started = await openProcessCell(plan, deps);
    if ('code' in started) {
      throw new PortcullisError('PLUGIN_REFUSED', `${plan.name} does not start: ${started.code}, ${started.detail}.`);
    }
    const changes = [...known].map(([key, json]): CellLesson => ({ key, json }));
    const told = await started.call({ is: 'know', full: true, changes });
    if (told.is === 'known') return started;
    await started[Symbol.asyncDispose]();
    const detail = 'detail' in told ? told.detail : told.is;
    throw new PortcullisError('PLUGIN_REFUSED', `${plan.name} cannot take what was learnt: ${detail}.`);
  };
  let cell: ProcessCell | undefined = await start();
  const { described } = cell;
  const claimed = await cell.call({ is: 'claims' });

  const call = async (envelope: Envelope): Promise<Decoded> => {
    if (cell === undefined && lives >= maxLives) return { error: 'not tried: it ended too often' };
    try {
      cell ??= await start();
    } catch (error) {
      if (error instanceof PortcullisError) return { error: error.message };
      throw error;
    }
    const { plugin: _, payload, ...head } = envelope;
    const answer = await cell.call({
      is: 'decode',
      envelope: { ...head, payload: Buffer.from(payload).toString('base64') },
      teaches: described.teaches.some((filter) => matchesFilter(filter, envelope.topic)),
    });
    if (isEnding(answer)) {
      await cell.ended;
      cell = undefined;
      return { error: `${answer.is}: ${answer.detail}` };
    }
    return decodedOf(answer, known);
  };

  return {
    topics: [...described.topics, ...(claimed.is === 'claims' ? claimed.topics : [])],
    async decode(envelope) {
      const before = deps.clock.monoMs();
      const decoded = await call(envelope);
      return { decoded, ms: deps.clock.monoMs() - before };
    },
    [Symbol.asyncDispose]: async () => cell?.[Symbol.asyncDispose](),
  };
}

function isEnding(result: CallResult): result is Ending {
  return result.is === 'crashed' || result.is === 'hung' || result.is === 'broken';
}

/** Remembers what was learnt, for the process after this one. */
function decodedOf(answer: WireAnswer, known: Map<string, string>): Decoded {
  if (answer.is === 'refused') return { error: `${answer.code}: ${answer.detail}` };
  if (answer.is !== 'decoded') return { error: `it answered ${answer.is}` };
  for (const { key, json } of answer.lessons) {
    if (json === undefined) known.delete(key);
    else known.set(key, json);
  }
  return answer.failed === undefined ? { readings: answer.readings } : { error: `decode-failed: ${answer.failed}` };
}

/** The place of a version that does not exist yet: it understands everything and says nothing. */
export const nothingRuns: Decoder = { decode: () => Promise.resolve({ decoded: { readings: [] }, ms: 0 }) };
