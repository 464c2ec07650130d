import type { Logger } from 'pino';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Append, Entry } from '../../contracts/pipeline.ts';
import type { DeviceDirectory } from '../../contracts/registry.ts';
import type { TableStore } from '../../contracts/table-set.ts';
import type { ShownTwin, TwinChange } from '../../contracts/twin.ts';
import type { Clock } from '../lib/clock.ts';
import { tell } from '../observability/channels.ts';
import { defaultBounds, depthOf, type TwinBounds } from './bounds.ts';
import { shown } from './change-event.ts';
import { changeOf } from './tables.ts';
import { Traces } from './traces.ts';
import { newTwin, type When } from './twin.ts';
import { loadTwins } from './twin-book.ts';
import { watchForTwins } from './watch.ts';

export interface TwinDeps {
  readonly store: TableStore;
  readonly directory: Pick<DeviceDirectory, 'find'>;
  readonly log: Logger;
  readonly clock: Clock;
  readonly bounds?: Partial<TwinBounds>;
}

export interface HistoryQuery {
  readonly device: string;
  readonly limit: number;
  /** `n` of the last one of the page before. */
  readonly before?: number | undefined;
}

export interface TwinStats {
  readonly twins: number;
  readonly pending: number;
  /** Bytes of rows that were handed to the disk since the start. */
  readonly writtenBytes: number;
}

/** The twins of the registry's devices. Reads are from memory, history from disk. */
export interface Twins {
  /** An `append` for everything that devices and commands leave behind. */
  watch(append: Append): Append;
  /** Throws NOT_FOUND for a device that the registry does not have. */
  show(device: string): ShownTwin;
  /** Newest first; `next` goes on after the page. */
  history(query: HistoryQuery): Promise<{ readonly changes: readonly TwinChange[]; readonly next: number | undefined }>;
  stats(): TwinStats;
}

export async function openTwins({ store, directory, clock, log, ...options }: TwinDeps): Promise<Twins> {
  const bounds: TwinBounds = { ...defaultBounds, ...options.bounds };
  const book = await loadTwins(store);
  const [wallAtStart, monoAtStart] = [clock.wallMs(), clock.monoMs()];
  let arrival = 0;
  let writtenBytes = 0;
  let owed: Traces | undefined;

  const when = (source?: number): When => {
    arrival += 1;
    const steady = wallAtStart + clock.monoMs() - monoAtStart;
    return { wall: clock.wallMs(), steady, arrival, source };
  };
  const newTraces = (): Traces => new Traces(clock.wallMs());
  const lost = (traces: Traces): void => {
    const over = owed === undefined ? 0 : traces.absorb(owed, bounds.maxOwed);
    owed = traces;
    if (over > 0) tell('dropped', { stage: 'twin', reason: 'history', count: over });
    log.warn('changes of twins could not be stored; they go along with the next ones');
  };
  const commit = (entry: Entry, traces: Traces, append: Append): Promise<void> => {
    if (owed !== undefined) {
      traces.absorb(owed, bounds.maxOwed);
      owed = undefined;
    }
    if (traces.isEmpty) return append(entry);
    const whole = traces.alongside(entry, depthOf(bounds, book.size), bounds.ageMs);
    for (const { params } of whole.writes.slice(entry.writes.length)) {
      for (const each of params) writtenBytes += typeof each === 'string' ? each.length : 8;
    }
    return append(whole).catch((error: unknown) => {
      lost(traces);
      throw error;
    });
  };
  const mustKnow = (device: string): void => {
    if (directory.find(device) === undefined) throw new PortcullisError('NOT_FOUND', `There is no device "${device}".`);
  };

  return {
    watch: (append) => {
      const isKnown = (device: string): boolean => directory.find(device) !== undefined;
      return watchForTwins(append, { book, isKnown, when, newTraces, commit });
    },
    show(device) {
      mustKnow(device);
      return shown(book.get(device) ?? newTwin(device, 0));
    },
    async history({ device, limit, before }) {
      mustKnow(device);
      const rows = await store.read('twin.history', [device, before ?? Number.MAX_SAFE_INTEGER, limit + 1]);
      const changes = rows.slice(0, limit).map(changeOf);
      return { changes, next: rows.length > limit ? changes.at(-1)?.n : undefined };
    },
    stats: () => {
      const all = [...book.all()];
      const pending = all.reduce(
        (sum, { wishes }) => sum + [...wishes.values()].filter(({ state }) => state === 'pending').length,
        0,
      );
      return { twins: all.length, pending, writtenBytes };
    },
  };
}
