import type { TableStore, Write } from '../../../contracts/table-set.ts';
import type { Clock } from '../../lib/clock.ts';

/**
 * Milliseconds that the gateway has been running in its whole life. Ages of sessions, queues and retained messages
 * are measured with it, because a wall clock without a battery jumps and a monotonic clock starts again at every boot:
 * a jump expires nothing, and time without power does not count.
 */
export class LivedClock {
  readonly #clock: Clock;
  readonly #base: number;

  private constructor(clock: Clock, livedBefore: number) {
    this.#clock = clock;
    this.#base = livedBefore - clock.monoMs();
  }

  static async open(store: TableStore, clock: Clock): Promise<LivedClock> {
    const [row] = await store.read('mqtt.readClock', []);
    return new LivedClock(clock, Number(row?.['lived_ms'] ?? 0));
  }

  now(): number {
    return Math.floor(this.#base + this.#clock.monoMs());
  }

  /** To be committed now and then; what passes between the last one and a crash is not counted. */
  checkpoint(): Write {
    return { statement: 'mqtt.putClock', params: [this.now()] };
  }
}
