import type { Alarm, AlarmDesk, AlarmLogEntry } from '../../contracts/alarms.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import type { AlarmState, Severity } from '../../contracts/alarm-words.ts';
import { openCore, type AlarmDeps } from './core.ts';
import { operate, type PersonsWish } from './operate.ts';
import { clear, raise } from './raise.ts';
import { alarmOf, logOf, type KeptAlarm } from './tables.ts';

/** What was raised ever, newest first; `before` is `n` of the last one of the page before. */
export interface AlarmQuery {
  readonly code?: string | undefined;
  readonly subject?: string | undefined;
  readonly severity?: Severity | undefined;
  readonly state?: AlarmState | undefined;
  readonly limit: number;
  readonly before?: number | undefined;
}

/**
 * The alarms. Reads of open ones are from memory and may be ahead of the disk by the commit that is under way; every change
 * resolves after its commit. Disposing writes what was held back of flapping alarms.
 */
export interface Alarms extends AlarmDesk, AsyncDisposable {
  /** Those that are not cleared, in the order in which they were raised. */
  open(): readonly Alarm[];
  list(query: AlarmQuery): Promise<{ readonly alarms: readonly Alarm[]; readonly next: number | undefined }>;
  /** One alarm and what was done with it. Rejects with NOT_FOUND. */
  show(id: string): Promise<Alarm & { readonly log: readonly AlarmLogEntry[] }>;
  /** Rejects with NOT_FOUND for an unknown alarm, with CONFLICT for one in whose state it means nothing. */
  operate(wish: PersonsWish): Promise<Alarm>;
}

/** Goes on with what was open when the last life ended. */
export async function openAlarms(deps: AlarmDeps): Promise<Alarms> {
  const core = await openCore(deps);
  const { book, store } = core;
  const shown = (alarm: KeptAlarm): Alarm => core.shown(alarm);
  return {
    raise: (alarm) => raise(core, alarm),
    clear: (end) => clear(core, end),
    operate: (wish) => operate(core, wish),
    open: () => book.open().map(shown),
    async list({ code, subject, severity, state, limit, before }) {
      const filter = [code ?? null, subject ?? null, severity ?? null, state ?? null];
      const rows = await store.read('alarms.list', [before ?? Number.MAX_SAFE_INTEGER, ...filter, limit + 1]);
      const page = rows.slice(0, limit).map(alarmOf);
      return { alarms: page.map(shown), next: rows.length > limit ? page.at(-1)?.n : undefined };
    },
    async show(id) {
      const [row] = await store.read('alarms.find', [id]);
      const alarm = book.find(id) ?? (row && alarmOf(row));
      if (alarm === undefined) throw new PortcullisError('NOT_FOUND', `There is no alarm "${id}".`);
      const log = (await store.read('alarms.readLog', [alarm.n])).map(logOf);
      return { ...shown(alarm), log };
    },
    [Symbol.asyncDispose]: () => core[Symbol.asyncDispose](),
  };
}
