import { tell } from '../../observability/channels.ts';
import { isLoopback } from '../../lib/address-ranges.ts';
import type { Clock } from '../../lib/clock.ts';

interface Limits {
  readonly maxConnections: number;
  readonly maxPendingPerAddress: number;
  readonly connectTimeoutMs: number;
}

/** A connection as far as counting goes. */
export interface Admitted {
  /** A whole CONNECT came. */
  readonly identified: () => void;
  readonly left: () => void;
}

interface Pending {
  readonly since: number;
  readonly destroy: () => void;
}

/** Every connection may take this long for its CONNECT, however many others of its address wait. */
const graceMs = 1000;

/**
 * Counts connections, and those of an address that have not sent a whole CONNECT. Many devices behind one address may
 * reconnect at the same moment, so a full quota refuses nobody: it ends those that have waited longer than the grace.
 */
export class ConnectionLimits {
  readonly #limits: Limits;
  readonly #clock: Clock;
  readonly #isClosed: () => boolean;
  readonly #pending = new Map<string, Set<Pending>>();
  #connections = 0;

  /** While `isClosed` says so, only this machine may connect. */
  constructor(limits: Limits, clock: Clock, isClosed: () => boolean = () => false) {
    this.#limits = limits;
    this.#clock = clock;
    this.#isClosed = isClosed;
  }

  get connections(): number {
    return this.#connections;
  }

  /** Nothing when the connection must be closed at once. `destroy` is called when it stays silent too long. */
  admit(address: string, destroy: () => void): Admitted | undefined {
    if (this.#isClosed() && !isLoopback(address)) {
      tell('rejected', { stage: 'mqtt', reason: 'not-claimed', count: 1 });
      return undefined;
    }
    if (this.#connections >= this.#limits.maxConnections) {
      tell('rejected', { stage: 'mqtt', reason: 'too-many-connections', count: 1 });
      return undefined;
    }
    const pending: Pending = { since: this.#clock.monoMs(), destroy };
    this.#connections++;
    this.#wait(address, pending);
    let isHere = true;
    return {
      identified: () => this.#done(address, pending),
      left: () => {
        if (!isHere) return;
        isHere = false;
        this.#connections--;
        this.#done(address, pending);
      },
    };
  }

  /** Ends connections that waited too long; called every second while there are any. */
  sweep(): void {
    const now = this.#clock.monoMs();
    for (const waiting of this.#pending.values()) {
      let over = waiting.size - this.#limits.maxPendingPerAddress;
      for (const pending of waiting) {
        const waited = now - pending.since;
        if (waited < (over > 0 ? graceMs : this.#limits.connectTimeoutMs)) break;
        over--;
        waiting.delete(pending);
        tell('rejected', { stage: 'mqtt', reason: 'half-open', count: 1 });
        pending.destroy();
      }
    }
  }

  #wait(address: string, pending: Pending): void {
    let waiting = this.#pending.get(address);
    if (waiting === undefined) this.#pending.set(address, (waiting = new Set()));
    waiting.add(pending);
  }

  #done(address: string, pending: Pending): void {
    const waiting = this.#pending.get(address);
    waiting?.delete(pending);
    if (waiting?.size === 0) this.#pending.delete(address);
  }
}
