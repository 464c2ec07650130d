import type { Logger } from 'pino';
import type { AuditEntry } from '../../contracts/access.ts';
import type { Actor } from '../../contracts/actor.ts';
import type { TableStore, Write } from '../../contracts/table-set.ts';
import type { Clock } from '../lib/clock.ts';
import { auditIn, auditWrite } from './tables.ts';

/** Entries that are kept; the oldest go first. */
const maxEntries = 20_000;
/** Old entries go this many at a time. */
const trimEvery = 100;
/** Denials that may still be counted up, and for how long. */
const maxCounting = 200;
const countForMs = 60_000;

/** What was decided about. */
export interface Matter {
  readonly actor: Pick<Actor, 'kind' | 'id' | 'name' | 'role'>;
  readonly address: string;
  readonly permission: AuditEntry['permission'];
  /** The call, such as `POST /api/v1/places`. */
  readonly action: string;
  readonly target: string;
}

interface AuditQuery {
  readonly before?: number | undefined;
  readonly name?: string | undefined;
  readonly outcome?: string | undefined;
  readonly limit: number;
}

export interface AuditLog extends AsyncDisposable {
  /** Resolves when it is on disk that this will be done; say afterwards how it ended. */
  begin(matter: Matter): Promise<(outcome: 'done' | 'failed', code?: string) => void>;
  /** Does not wait. The same, denied again within a minute, is counted and not written again: whoever knocks must not wear the card out. */
  denied(matter: Matter, code: string): void;
  list(query: AuditQuery): Promise<{ readonly entries: AuditEntry[]; readonly next: number | undefined }>;
}

/** Disposing writes down what was counted. */
export async function openAudit(
  store: TableStore,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Promise<AuditLog> {
  const [row] = await store.read('access.lastAudit', []);
  let last = Number(row?.['n'] ?? 0);
  const counting = new Map<string, { readonly n: number; readonly until: number; times: number }>();
  let timer: NodeJS.Timeout | undefined;

  const entryOf = ({ actor, ...rest }: Matter): Omit<AuditEntry, 'outcome' | 'code'> => {
    last += 1;
    const { kind, id, name, role } = actor;
    return { n: last, at: Math.trunc(clock.wallMs()), kind, actor: id, name, role, ...rest, times: 1 };
  };
  const add = (entry: AuditEntry): Promise<void> => {
    const isFull = entry.n % trimEvery === 0 && entry.n > maxEntries;
    const trim: Write[] = isFull ? [{ statement: 'access.trimAudit', params: [entry.n - maxEntries] }] : [];
    return store.write([auditWrite(entry), ...trim]);
  };
  const later = (written: Promise<void>): void => {
    written.catch((err: unknown) => log.error({ err }, 'an entry of the audit log could not be written'));
  };
  const settle = (isDue: (until: number) => boolean): Promise<void> => {
    const due = [...counting].filter(([, { until }]) => isDue(until));
    for (const [key] of due) counting.delete(key);
    const repeated = due.filter(([, { times }]) => times > 1);
    if (repeated.length === 0) return Promise.resolve();
    return store.write(repeated.map(([, { n, times }]) => ({ statement: 'access.countAudit', params: [times, n] })));
  };
  const wake = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      later(settle((until) => until <= clock.monoMs()));
      if (counting.size > 0) wake();
    }, countForMs).unref();
  };

  return {
    async begin(matter) {
      const entry = entryOf(matter);
      await add({ ...entry, outcome: 'begun', code: null });
      return (outcome, code) =>
        later(store.write([{ statement: 'access.endAudit', params: [outcome, code ?? null, entry.n] }]));
    },
    denied(matter, code) {
      const key = JSON.stringify([matter.actor.id, matter.address, matter.action, matter.permission, code]);
      const known = counting.get(key);
      if (known !== undefined && known.until > clock.monoMs()) {
        known.times += 1;
        wake();
        return;
      }
      const isFull = counting.size >= maxCounting;
      if (isFull || known !== undefined) later(settle((until) => isFull || until <= clock.monoMs()));
      const entry = entryOf(matter);
      counting.set(key, { n: entry.n, until: clock.monoMs() + countForMs, times: 1 });
      later(add({ ...entry, outcome: 'denied', code }));
    },
    async list({ before, name, outcome, limit }) {
      const params = [before ?? Number.MAX_SAFE_INTEGER, name ?? null, outcome ?? null, limit + 1];
      const entries = (await store.read('access.audit', params)).map(auditIn);
      const page = entries.slice(0, limit);
      return { entries: page, next: entries.length > limit ? page.at(-1)?.n : undefined };
    },
    async [Symbol.asyncDispose]() {
      clearTimeout(timer);
      await settle(() => true);
    },
  };
}
