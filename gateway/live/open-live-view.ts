import type { Logger } from 'pino';
import type { LiveRecord, LiveSubscriber, LiveView } from '../../contracts/live.ts';
import type { Measurement } from '../../contracts/message.ts';
import type { Append, Entry, TextMeasurement } from '../../contracts/pipeline.ts';
import { tell } from '../observability/channels.ts';

/** Records that wait for one subscriber. */
const maxWaiting = 1_000;
/** A subscriber has the main thread for so long, and then leaves it to others for so many times what it took. */
const turn = { ms: 2, rest: 2 } as const;

export interface OpenLiveView extends LiveView {
  /** An `append` whose records are shown after their commit. */
  watch(append: Append): Append;
}

interface Seat {
  readonly subscriber: LiveSubscriber;
  waiting: LiveRecord[];
  scheduled: boolean;
  lost: boolean;
}

/** The live view: nothing runs and nothing is kept while nobody looks. */
export function openLiveView({ log }: { readonly log: Logger }): OpenLiveView {
  const seats = new Set<Seat>();

  const failed = (seat: Seat, err: unknown): void =>
    log.error({ err, subscriber: seat.subscriber.name }, 'a subscriber of the live view failed');

  const wants = (seat: Seat, record: LiveRecord): boolean => {
    try {
      return seat.subscriber.wants(record);
    } catch (err) {
      failed(seat, err);
      return false;
    }
  };
  const give = (seat: Seat, record: LiveRecord): void => {
    const { subscriber } = seat;
    try {
      if (seat.lost) subscriber.lost?.();
      seat.lost = false;
      if (isToldOf(record) && subscriber.takeUnread?.(record) === true) return;
      subscriber.take(JSON.parse(record.text) as Measurement);
    } catch (err) {
      failed(seat, err);
    }
  };
  const drain = (seat: Seat): void => {
    seat.scheduled = false;
    if (!seats.has(seat)) return;
    const { waiting } = seat;
    const startedAt = performance.now();
    let given = 0;
    let taken = 0;
    for (; given < waiting.length && taken < turn.ms; taken = performance.now() - startedAt) {
      const record = waiting[given++];
      if (record !== undefined) give(seat, record);
    }
    seat.waiting = waiting.slice(given);
    try {
      seat.subscriber.rest?.();
    } catch (err) {
      failed(seat, err);
    }
    if (seat.waiting.length === 0) return;
    seat.scheduled = true;
    setTimeout(drain, taken * turn.rest, seat);
  };
  const offer = (seat: Seat, record: LiveRecord): void => {
    if (!wants(seat, record)) return;
    const { waiting } = seat;
    if (waiting.length >= maxWaiting) {
      waiting.splice(Math.max(0, waiting.findIndex(isTelemetry)), 1);
      seat.lost = true;
      tell('dropped', { stage: 'live', reason: seat.subscriber.name, count: 1 });
    }
    waiting.push(record);
    if (seat.scheduled) return;
    seat.scheduled = true;
    setImmediate(drain, seat);
  };
  const show = ({ measurements }: Entry): void => {
    for (const one of measurements) {
      const record =
        'text' in one ? one : { text: JSON.stringify(one), device: one.dev.id, cls: one.cls, kind: one.kind };
      for (const seat of seats) offer(seat, record);
    }
  };

  return {
    watch: (append) => async (entry) => {
      await append(entry);
      if (seats.size > 0) show(entry);
    },
    subscribe(subscriber) {
      const seat: Seat = { subscriber, waiting: [], scheduled: false, lost: false };
      seats.add(seat);
      return { [Symbol.dispose]: () => void seats.delete(seat) };
    },
  };
}

const isTelemetry = ({ cls }: LiveRecord): boolean => cls === 'telemetry';
const isToldOf = (record: LiveRecord): record is TextMeasurement => 'keys' in record;
