import { useEffect, useRef, useState } from 'preact/hooks';
import type { Metric } from '../../../../contracts/message.ts';
import { eventReader } from './event-stream.ts';
import { link, lost } from './link.ts';
import { session } from './session.ts';
import { useStore } from './store.ts';

/** What the page reads of a record when the gateway stores it. */
export interface LiveRecord {
  readonly kind: string;
  readonly dev: { readonly id: string; readonly ep?: string };
  readonly ts: number;
  readonly rts: number;
  readonly m: readonly Metric[];
}

/** `opening` until the first answer; `asking` while there is no line and the page asks every few seconds instead. */
export type Line = 'opening' | 'live' | 'asking';

interface Hearing {
  take(record: LiveRecord): void;
  /** Some records are missing: whoever wants to know how it is asks. */
  missed(): void;
}

/** The gateway gives a sign of life every 15 seconds; after this long without one the line is dead, whatever TCP believes. */
const silentMs = 40_000;
const againMs = 3000;
/** After a refusal: too many look, or the login is over. */
const refusedMs = 15_000;

/**
 * Hears what the gateway stores, as it stores it, while the page can be seen. `query` is that of `/api/v1/live`; undefined
 * hears nothing. A broken line goes on where it was; what is missing then is told as `missed`.
 */
export function useLive(query: string | undefined, hearing: Hearing): Line {
  const [line, show] = useState<Line>('opening');
  const isHere = useStore(link) === 'here';
  const isSeen = useSeen();
  const heard = useRef(hearing);
  heard.current = hearing;
  const last = useRef<string | undefined>(undefined);
  useEffect(() => {
    last.current = undefined;
  }, [query]);
  useEffect(() => {
    if (query === undefined || !isHere || !isSeen) return undefined;
    const end = new AbortController();
    void keepHearing(query, last, {
      signal: end.signal,
      show,
      take: (record) => heard.current.take(record),
      missed: () => heard.current.missed(),
    });
    return () => {
      end.abort();
      show('asking');
    };
  }, [query, isHere, isSeen]);
  return line;
}

interface Listening extends Hearing {
  readonly signal: AbortSignal;
  show(line: Line): void;
}

async function keepHearing(query: string, last: { current: string | undefined }, of: Listening): Promise<void> {
  while (!of.signal.aborted) {
    const isRefused = await hearOnce(query, last, of);
    if (of.signal.aborted) return;
    of.show('asking');
    await new Promise((resolve) => setTimeout(resolve, isRefused ? refusedMs : againMs));
  }
}

/** Says whether the gateway refused; resolves when the line is over, for whatever reason. */
async function hearOnce(query: string, last: { current: string | undefined }, of: Listening): Promise<boolean> {
  const silent = new AbortController();
  let timer = setTimeout(() => silent.abort(), silentMs);
  const after = last.current === undefined ? undefined : { 'last-event-id': last.current };
  try {
    // Not an EventSource: that sends no token, and does not tell a refusal from a gateway that is gone.
    const answer = await fetch(`/api/v1/live?${query}`, {
      headers: { ...session.headers(false), ...after },
      signal: AbortSignal.any([of.signal, silent.signal]),
      cache: 'no-store',
    });
    if (!answer.ok || answer.body === null) return true;
    of.show('live');
    const eventsIn = eventReader();
    const pieces = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let { value, done } = await pieces.read(); !done; { value, done } = await pieces.read()) {
      clearTimeout(timer);
      timer = setTimeout(() => silent.abort(), silentMs);
      for (const { type, data, id } of eventsIn(value ?? '')) {
        last.current = id ?? last.current;
        if (type === 'gap') of.missed();
        else of.take(JSON.parse(data) as LiveRecord);
      }
    }
  } catch {
    if (!of.signal.aborted) lost();
  } finally {
    clearTimeout(timer);
  }
  return false;
}

function useSeen(): boolean {
  // There is no document where the gateway draws the first picture.
  const [isSeen, see] = useState(() => typeof document !== 'undefined' && !document.hidden);
  useEffect(() => {
    const look = (): void => see(!document.hidden);
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, []);
  return isSeen;
}
