import type { Clock } from '../../lib/clock.ts';

/** Below this the cloud's clock and ours agree; the cloud refuses a request from about five minutes on. */
const agreementMs = 60_000;

/**
 * The time that signatures carry: our wall clock plus what the cloud's answers taught. A Pi without clock battery may
 * be years off; the cloud says so (1013) and tells its own time in the envelope, over an authenticated connection.
 */
export class CloudClock {
  readonly #clock: Clock;
  #offsetMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether our wall clock is known to be wrong. */
  get suspect(): boolean {
    return Math.abs(this.#offsetMs) > agreementMs;
  }

  nowMs(): number {
    return Math.trunc(this.#clock.wallMs() + this.#offsetMs);
  }

  /** Takes the cloud's time over; later jumps of our clock show as another 1013 and are learnt again. */
  learn(cloudMs: number): void {
    const offset = cloudMs - this.#clock.wallMs();
    this.#offsetMs = Math.abs(offset) > agreementMs ? offset : 0;
  }
}
