import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { PortcullisError } from '../../contracts/errors.ts';
import type { LiveView } from '../../contracts/live.ts';
import type { Measurement } from '../../contracts/message.ts';
import { systemScheduler, type Scheduler } from '../lib/scheduler.ts';
import { tell } from '../observability/channels.ts';

const bounds = {
  maxReaders: 32,
  maxUnreadBytes: 256 * 1024,
  maxRemembered: 1_000,
  maxRememberedBytes: 1024 * 1024,
} as const;
/** Between two signs of life, which also find out who may not look any more. */
const beatMs = 15_000;
/** What went by is remembered for so long after the last reader left, for one whose connection broke. */
const lingerMs = 60_000;

export interface Looking {
  wants(record: Measurement): boolean;
  /** Asked at each sign of life; the stream ends when it is false. */
  mayStill(): Promise<boolean>;
  /** The `Last-Event-ID` of a reader that comes again. */
  readonly after: string | undefined;
}

interface Event {
  readonly n: number;
  readonly record: Measurement;
  readonly text: string;
}
interface Reader {
  readonly stream: Readable;
  readonly looking: Looking;
  /** Events that it did not get because it does not read. */
  lost: number;
}

/** What went by, as far as there is room. */
class Memory {
  readonly events: Event[] = [];
  #bytes = 0;

  get first(): number | undefined {
    return this.events[0]?.n;
  }

  add(event: Event): void {
    this.events.push(event);
    this.#bytes += event.text.length;
    while (this.events.length > bounds.maxRemembered || this.#bytes > bounds.maxRememberedBytes) {
      this.#bytes -= this.events.shift()?.text.length ?? 0;
    }
  }

  clear(): void {
    this.events.length = 0;
    this.#bytes = 0;
  }
}

/** What is stored, as server-sent events (WHATWG HTML, section 9.2), for those who look at it now. */
export interface LiveFeed extends Disposable {
  /** Throws OVERLOADED when too many look. */
  look(looking: Looking): Readable;
}

/**
 * Nothing is read and no timer runs while nobody looks. An event is `measurement` with the record as it was stored, or `gap`: what
 * came in between is not remembered, or the reader was too slow; what was stored is in the history.
 */
export function openLiveFeed(live: LiveView, scheduler: Scheduler = systemScheduler): LiveFeed {
  const readers = new Set<Reader>();
  const memory = new Memory();
  let epoch = '';
  let last = 0;
  let seat: Disposable | undefined;
  let beat: Disposable | undefined;
  let leaving: Disposable | undefined;

  const offer = (reader: Reader, { n, record, text }: Event): void => {
    if (!reader.looking.wants(record)) return;
    if (reader.stream.readableLength > bounds.maxUnreadBytes) {
      reader.lost += 1;
      tell('dropped', { stage: 'live', reason: 'api', count: 1 });
      return;
    }
    if (reader.lost > 0) reader.stream.push(gap(`${reader.lost} records, because they were not read in time`));
    reader.lost = 0;
    reader.stream.push(`id: ${epoch}-${n}\nevent: measurement\ndata: ${text}\n\n`);
  };
  const take = (record: Measurement): void => {
    const event = { n: ++last, record, text: JSON.stringify(record) };
    memory.add(event);
    for (const reader of readers) offer(reader, event);
  };
  const begin = (): void => {
    leaving?.[Symbol.dispose]();
    beat ??= beating(scheduler, readers);
    if (seat !== undefined) return;
    [epoch, last] = [randomBytes(4).toString('hex'), 0];
    memory.clear();
    const lost = (): void => {
      // What is missing is missing for those who come again, too.
      memory.clear();
      last += 1;
      for (const { stream } of readers) stream.push(gap('records, because more came at once than can be shown'));
    };
    seat = live.subscribe({ name: 'api', wants: () => true, take, lost });
  };
  const end = (): void => {
    seat?.[Symbol.dispose]();
    seat = undefined;
  };
  const leave = (reader: Reader): void => {
    readers.delete(reader);
    if (readers.size > 0) return;
    beat?.[Symbol.dispose]();
    beat = undefined;
    leaving = scheduler.after(lingerMs, end);
  };
  const resume = (reader: Reader): void => {
    const { after } = reader.looking;
    if (after === undefined) return;
    const [ofEpoch, n] = after.split('-');
    const from = Number(n);
    if (ofEpoch !== epoch || !Number.isSafeInteger(from) || from > last || from < (memory.first ?? last + 1) - 1) {
      reader.stream.push(gap('what came since then is not remembered'));
      return;
    }
    for (const event of memory.events) if (event.n > from) offer(reader, event);
  };

  return {
    look(looking) {
      if (readers.size >= bounds.maxReaders) throw new PortcullisError('OVERLOADED', 'Too many look at the live data.');
      begin();
      const reader: Reader = { stream: new Readable({ read: () => undefined }), looking, lost: 0 };
      reader.stream.on('close', () => leave(reader));
      readers.add(reader);
      reader.stream.push(': Portcullis\nretry: 2000\n\n');
      resume(reader);
      return reader.stream;
    },
    [Symbol.dispose]() {
      for (const { stream } of readers) stream.destroy();
      beat?.[Symbol.dispose]();
      leaving?.[Symbol.dispose]();
      end();
    },
  };
}

const gap = (what: string): string => `event: gap\ndata: ${JSON.stringify({ missing: what })}\n\n`;

/** Signs of life for whoever reads, until disposed. */
function beating(scheduler: Scheduler, readers: Iterable<Reader>): Disposable {
  const beat = (): void => {
    for (const reader of readers) void stayOrEnd(reader);
    next = scheduler.after(beatMs, beat);
  };
  let next = scheduler.after(beatMs, beat);
  return { [Symbol.dispose]: () => next[Symbol.dispose]() };
}

async function stayOrEnd({ looking, stream }: Reader): Promise<void> {
  const stays = await looking.mayStill().catch(() => false);
  if (!stream.destroyed) stream.push(stays ? ': still here\n\n' : null);
}
