import type { CommandDesk } from '../../contracts/command.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Append } from '../../contracts/pipeline.ts';
import type { Origin, ShownTwin, TwinChange, TwinEdit } from '../../contracts/twin.ts';
import { arbitrate } from './arbitrate.ts';
import { shown } from './change-event.ts';
import { openCore, type TwinDeps } from './core.ts';
import { openDrive } from './drive.ts';
import { editTwin } from './edit.ts';
import { followAll, followRegistry } from './follow.ts';
import { changeOf } from './tables.ts';
import { newTwin, type Reported } from './twin.ts';
import { watchForTwins } from './watch.ts';

interface HistoryQuery {
  readonly device: string;
  readonly limit: number;
  /** `n` of the last one of the page before. */
  readonly before?: number | undefined;
}

interface TwinStats {
  readonly twins: number;
  /** Wishes by what became of them. */
  readonly wishes: Readonly<Record<'pending' | 'reached' | 'failed', number>>;
  /** Bytes of rows that were handed to the disk since the start. */
  readonly writtenBytes: number;
}

/** The twins of the registry's devices. Reads are from memory, history from disk. */
export interface Twins {
  /** An `append` for everything that devices and commands leave behind. */
  watch(append: Append): Append;
  /** An `append` for the registry. */
  follow(append: Append): Append;
  /** Begins to bring wishes to devices, those of an earlier life first. */
  lead<Desk extends CommandDesk>(desk: Desk): Promise<TwinLead<Desk>>;
  /** Throws NOT_FOUND for a device that the registry does not have. */
  show(device: string): ShownTwin;
  /** What each device reported last. */
  reports(): Iterable<{ readonly device: string; readonly state: readonly (readonly [string, Reported])[] }>;
  /** Newest first; `next` goes on after the page. */
  history(query: HistoryQuery): Promise<{ readonly changes: readonly TwinChange[]; readonly next: number | undefined }>;
  /** Whether a device reported one of the words, at whatever endpoint. */
  hasReported(device: string, words: readonly string[]): boolean;
  stats(): TwinStats;
}

/** Disposing hands nothing more over; dispose it before the commands. */
export interface TwinLead<Desk extends CommandDesk> extends AsyncDisposable {
  /** The commands for those who send some: what they ask for is held against the twins. */
  readonly desk: Desk;
  /** See `editTwin`; resolves with the twin after it. */
  edit(edit: TwinEdit, by: Origin): Promise<ShownTwin>;
}

/** `directory` may be asked from the first message on. */
export async function openTwins(deps: TwinDeps): Promise<Twins> {
  const core = await openCore(deps);
  const { book, directory, store } = core;
  const isKnown = (device: string): boolean => directory.find(device) !== undefined;
  const show = (device: string): ShownTwin => {
    if (!isKnown(device)) throw new PortcullisError('NOT_FOUND', `There is no device "${device}".`);
    return shown(book.get(device) ?? newTwin(device, 0));
  };

  return {
    watch: (append) => watchForTwins(append, { ...core, isKnown, newTraces: () => core.traces() }),
    follow: (append) => followRegistry(core, append),
    async lead(desk) {
      await followAll(core);
      const drive = openDrive(core, desk);
      core.onWishes = (twins) => void drive.go(twins);
      void drive.go(book.all());
      return {
        desk: arbitrate(core, desk),
        async edit(edit, by) {
          await editTwin(core, desk, edit, by);
          await drive.go([book.of(edit.id)]);
          return show(edit.id);
        },
        async [Symbol.asyncDispose]() {
          core.onWishes = () => undefined;
          await drive[Symbol.asyncDispose]();
        },
      };
    },
    show,
    reports: () => [...core.book.all()].map(({ device, reported }) => ({ device, state: [...reported] })),
    async history({ device, limit, before }) {
      show(device);
      const rows = await store.read('twin.history', [device, before ?? Number.MAX_SAFE_INTEGER, limit + 1]);
      const changes = rows.slice(0, limit).map(changeOf);
      return { changes, next: rows.length > limit ? changes.at(-1)?.n : undefined };
    },
    hasReported(device, words) {
      for (const metric of book.get(device)?.reported.keys() ?? []) {
        if (words.includes(metric.split('@', 1)[0] ?? '')) return true;
      }
      return false;
    },
    stats() {
      const wishes = { pending: 0, reached: 0, failed: 0 };
      for (const twin of book.all()) {
        for (const { state } of twin.wishes.values()) if (state !== 'gone') wishes[state] += 1;
      }
      return { twins: book.size, wishes, writtenBytes: core.writtenBytes };
    },
  };
}
