import type { Logger } from 'pino';
import type { Append, Entry } from '../../contracts/pipeline.ts';
import type { DeviceDirectory, DeviceRecord } from '../../contracts/registry.ts';
import type { TableStore } from '../../contracts/table-set.ts';
import type { Clock } from '../lib/clock.ts';
import { tell } from '../observability/channels.ts';
import { defaultBounds, depthOf, type TwinBounds } from './bounds.ts';
import { Traces } from './traces.ts';
import type { Twin, When } from './twin.ts';
import { loadTwins, type TwinBook } from './twin-book.ts';

export interface TwinDeps {
  /** Of the buffer itself. */
  readonly append: Append;
  readonly store: TableStore;
  readonly directory: Pick<DeviceDirectory, 'find'> & { devices(): Iterable<DeviceRecord> };
  readonly log: Logger;
  readonly clock: Clock;
  readonly bounds?: Partial<TwinBounds>;
  /** The moment between a wish that is durable and its command, at which a fault test ends the process. */
  readonly onMoment?: (moment: 'wished', device: string) => void;
  /** Negative control for fault tests: `before-commit` goes on to the command before the wish is durable. */
  readonly act?: 'after-commit' | 'before-commit';
}

/** What the parts of the stage share. */
export interface Core extends TwinDeps {
  readonly book: TwinBook;
  when(source?: number): When;
  traces(): Traces;
  /**
   * Commits an entry together with what changed; what could not be committed goes along with the next entry. After a
   * change of wishes `onWishes` is called with the twins.
   */
  commit(entry: Entry, traces: Traces, append: Append): Promise<void>;
  /** Commits what changed, alone. `atOnce`: a failure leaves no history behind. */
  save(traces: Traces, atOnce?: 'at once'): Promise<void>;
  onWishes: (twins: readonly Twin[]) => void;
  readonly writtenBytes: number;
}

const nothing: Entry = { measurements: [], filtered: [], deadLetters: [], writes: [] };

export async function openCore(deps: TwinDeps): Promise<Core> {
  const { clock, log } = deps;
  const bounds: TwinBounds = { ...defaultBounds, ...deps.bounds };
  const book = await loadTwins(deps.store);
  const [wallAtStart, monoAtStart] = [clock.wallMs(), clock.monoMs()];
  let arrival = 0;
  let writtenBytes = 0;
  let owed: Traces | undefined;

  const lost = (traces: Traces): void => {
    const over = owed === undefined ? 0 : traces.absorb(owed, bounds.maxOwed);
    owed = traces;
    if (over > 0) tell('dropped', { stage: 'twin', reason: 'history', count: over });
    log.warn('changes of twins could not be stored; they go along with the next ones');
  };
  const core: Core = {
    ...deps,
    book,
    onWishes: () => undefined,
    get writtenBytes() {
      return writtenBytes;
    },
    when(source) {
      arrival += 1;
      // The wall clock of the start, without its jumps since.
      const steady = wallAtStart + clock.monoMs() - monoAtStart;
      return { wall: clock.wallMs(), steady, arrival, source };
    },
    traces: () => new Traces(clock.wallMs()),
    async commit(entry, traces, append) {
      if (owed !== undefined) {
        traces.absorb(owed, bounds.maxOwed);
        owed = undefined;
      }
      if (traces.isEmpty) return append(entry);
      const whole = traces.alongside(entry, depthOf(bounds, book.size), bounds.ageMs);
      for (const { params } of whole.writes.slice(entry.writes.length)) {
        for (const each of params) writtenBytes += typeof each === 'string' ? each.length : 8;
      }
      try {
        await append(whole);
      } catch (error) {
        lost(traces);
        throw error;
      }
      const changed = traces.changed();
      if (changed.length > 0) core.onWishes(changed);
    },
    async save(traces, atOnce) {
      if (traces.isEmpty) return;
      const append: Append = (entry) =>
        deps.append(entry).catch((error: unknown) => {
          if (atOnce) traces.forgetChanges();
          throw error;
        });
      await core.commit(nothing, traces, append);
    },
  };
  return core;
}
