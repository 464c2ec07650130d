import type { SerialPoll } from '../../../contracts/plugin.ts';

/** A station that missed so many questions in a row is offline. */
const missesUntilOffline = 3;
/** A dead station costs a timeout each time: it is tried with one question, and not more often than this. */
const offlineEveryMs = 30_000;

export type Presence = 'online' | 'offline';

/** Which question is due, and who answers. Pure: every call gets the monotonic time in milliseconds. */
export interface PollBook {
  /** The question whose turn it is, and how long until then; undefined: there are none. */
  next(nowMs: number): { readonly poll: SerialPoll; readonly inMs: number } | undefined;
  /** What came of a question. Gives the station's presence when this changed it. */
  settle(poll: SerialPoll, answered: boolean, nowMs: number): Presence | undefined;
  /** Asks a station everything again soon: something was written to it. */
  hurry(station: string, nowMs: number): void;
  /** The line is gone, and with it everybody on it. Gives the stations that were online. */
  lost(nowMs: number): readonly string[];
  presence(): ReadonlyMap<string, Presence | undefined>;
}

interface Station {
  presence: Presence | undefined;
  misses: number;
  readonly first: SerialPoll;
}

export function pollBook(polls: readonly SerialPoll[]): PollBook {
  const due = new Map(polls.map((poll) => [poll, -Infinity]));
  const stations = new Map<string, Station>();
  for (const poll of polls) {
    if (!stations.has(poll.station)) stations.set(poll.station, { presence: undefined, misses: 0, first: poll });
  }
  const of = ({ station }: SerialPoll): Station | undefined => stations.get(station);
  const isAsked = (poll: SerialPoll): boolean => of(poll)?.presence !== 'offline' || of(poll)?.first === poll;
  const again = (poll: SerialPoll, nowMs: number): void => {
    const everyMs = of(poll)?.presence === 'offline' ? Math.max(poll.everyMs, offlineEveryMs) : poll.everyMs;
    const planned = (due.get(poll) ?? nowMs) + everyMs;
    due.set(poll, planned > nowMs ? planned : nowMs + everyMs);
  };
  const hurry = (station: string, nowMs: number): void => {
    for (const poll of polls) if (poll.station === station) due.set(poll, nowMs);
  };

  return {
    next(nowMs) {
      const [first, ...rest] = polls.filter(isAsked);
      if (first === undefined) return undefined;
      const at = (poll: SerialPoll): number => due.get(poll) ?? nowMs;
      const poll = rest.reduce((best, one) => (at(one) < at(best) ? one : best), first);
      return { poll, inMs: Math.max(0, at(poll) - nowMs) };
    },
    settle(poll, answered, nowMs) {
      const station = of(poll);
      if (station === undefined) return undefined;
      station.misses = answered ? 0 : station.misses + 1;
      const before = station.presence;
      if (answered) station.presence = 'online';
      else if (station.misses >= missesUntilOffline) station.presence = 'offline';
      again(poll, nowMs);
      // Who comes back is asked everything at once.
      if (before === 'offline' && answered) {
        for (const other of polls) if (other !== poll && other.station === poll.station) due.set(other, nowMs);
      }
      return station.presence === before ? undefined : station.presence;
    },
    hurry,
    lost(nowMs) {
      const gone = [...stations].filter(([, { presence }]) => presence === 'online');
      for (const [name, station] of stations) {
        if (station.presence === 'online') station.presence = 'offline';
        station.misses = 0;
        hurry(name, nowMs);
      }
      return gone.map(([name]) => name);
    },
    presence: () => new Map([...stations].map(([name, { presence }]) => [name, presence])),
  };
}
