import type { Logger } from 'pino';
import type { Clock } from '../../lib/clock.ts';
import { tell } from '../../observability/channels.ts';
import type { HandleAsk } from './ask.ts';
import type { HandleCode, Told } from './told.ts';

/** The same refusal is logged once a minute, with how often it came meanwhile. */
const silentMs = 60_000;

/** Counts every refusal in the metrics by its code, and tells the log without flooding it. */
export interface RefusalBook extends Disposable {
  add(what: HandleAsk['do'], told: Extract<Told, { is: 'refused' }>): void;
}

interface Entry {
  readonly what: HandleAsk['do'];
  readonly code: HandleCode;
  readonly detail: string;
  loggedAt: number;
  since: number;
}

/** As many entries as there are kinds of asks and codes: nothing that a plugin says is a key or in a line. */
export function refusalBook(
  plugin: string,
  { log, clock }: { readonly log: Logger; readonly clock: Clock },
): RefusalBook {
  const entries = new Map<string, Entry>();
  const write = (entry: Entry): void => {
    const { what, code, detail, since } = entry;
    log.warn({ plugin, what, code, times: since }, `a handle was refused: ${detail}`);
    entry.since = 0;
  };
  return {
    add(what, { code, detail }) {
      tell('rejected', { stage: 'handles', reason: code, count: 1 });
      const now = clock.monoMs();
      const key = `${what} ${code}`;
      const entry = entries.get(key) ?? { what, code, detail, loggedAt: -Infinity, since: 0 };
      entries.set(key, entry);
      entry.since += 1;
      if (now - entry.loggedAt < silentMs) return;
      entry.loggedAt = now;
      write(entry);
    },
    [Symbol.dispose]() {
      for (const entry of entries.values()) if (entry.since > 0) write(entry);
    },
  };
}
