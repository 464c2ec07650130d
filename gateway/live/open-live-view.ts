import type { Logger } from 'pino';
import type { LiveSubscriber, LiveView } from '../../contracts/live.ts';
import type { Measurement } from '../../contracts/message.ts';
import type { Append, Entry, WrittenMeasurement } from '../../contracts/pipeline.ts';
import { tell } from '../observability/channels.ts';

/** Records that wait for one subscriber. */
const maxWaiting = 1_000;
/** Records given to one subscriber before the event loop turns. */
const atOnce = 100;

export interface OpenLiveView extends LiveView {
  /** An `append` whose records are shown after their commit. */
  watch(append: Append): Append;
}

interface Seat {
  readonly subscriber: LiveSubscriber;
  readonly waiting: WrittenMeasurement[];
  scheduled: boolean;
  lost: boolean;
}

/** The live view: nothing runs and nothing is kept while nobody looks. */
export function openLiveView({ log }: { readonly log: Logger }): OpenLiveView {
  const seats = new Set<Seat>();

  const failed = (seat: Seat, err: unknown): void =>
    log.error({ err, subscriber: seat.subscriber.name }, 'a subscriber of the live view failed');

  const wants = (seat: Seat, record: WrittenMeasurement): boolean => {
    try {
      return seat.subscriber.wants(record);
    } catch (err) {
      failed(seat, err);
      return false;
    }
  };
  const drain = (seat: Seat): void => {
    seat.scheduled = false;
    if (!seats.has(seat)) return;
    for (const { text } of seat.waiting.splice(0, atOnce)) {
      try {
        if (seat.lost) seat.subscriber.lost?.();
        seat.lost = false;
        seat.subscriber.take(JSON.parse(text) as Measurement);
      } catch (err) {
        failed(seat, err);
      }
    }
    if (seat.waiting.length > 0) schedule(seat);
  };
  const schedule = (seat: Seat): void => {
    if (seat.scheduled) return;
    seat.scheduled = true;
    setImmediate(drain, seat);
  };
  const offer = (seat: Seat, record: WrittenMeasurement): void => {
    if (!wants(seat, record)) return;
    if (seat.waiting.length >= maxWaiting) {
      seat.waiting.shift();
      seat.lost = true;
      tell('dropped', { stage: 'live', reason: seat.subscriber.name, count: 1 });
    }
    seat.waiting.push(record);
    schedule(seat);
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
