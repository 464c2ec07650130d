import type { Duplex } from 'node:stream';
import { tell } from '../../observability/channels.ts';
import type { Intake } from './intake.ts';
import { PacketGuard } from './packet-guard.ts';
import { connackFor } from './packet-rules.ts';
import type { PacketLimits } from './packet-rules.ts';
import type { TopicRights } from './topic-rights.ts';

/** Who speaks on a connection, known after the credential was verified. */
export interface Identity {
  /** Empty for anonymous connections. */
  readonly user: string;
  readonly credentialId: string;
  readonly rights: TopicRights;
}

/**
 * One connection as the guards see it. It takes the place of the stream's `read`, the only way in which the broker
 * takes bytes: what it passes is checked, and it passes nothing while the client has too much uncommitted.
 *
 * A payload reaches ingest as a view of the chunk that it came in. It pins at most that chunk (64 KiB) until its commit,
 * which `maxPendingPerClient` bounds; copying every payload would cost more than that memory is worth.
 */
export class Connection {
  readonly stream: Duplex;
  readonly address: string;
  identity: Identity | undefined;
  #pending = 0;
  readonly #guard: PacketGuard;
  readonly #intake: Intake;
  readonly #maxPending: number;
  #sawConnect = false;
  #isOpen = false;
  #wantsMore = false;
  #onConnect: (() => void) | undefined;

  constructor(stream: Duplex, address: string, intake: Intake, limits: PacketLimits & { maxPendingPerClient: number }) {
    this.stream = stream;
    this.address = address;
    this.#intake = intake;
    this.#guard = new PacketGuard(limits);
    this.#maxPending = limits.maxPendingPerClient;
  }

  /** Puts itself in front of the stream; `onConnect` is called once a whole, valid CONNECT came. */
  guard(onConnect: () => void): void {
    this.#onConnect = onConnect;
    const read = this.stream.read.bind(this.stream) as (size?: number) => Buffer | null;
    // A size of 0 only asks the stream to fill its buffer.
    this.stream.read = (size?: number): Buffer | null => (size === 0 ? read(0) : this.#read(read));
    this.stream.once('close', () => this.#intake.forget(this));
  }

  /** CONNACK went out: packets behind CONNECT may pass. */
  open(): void {
    this.#isOpen = true;
  }

  get pending(): number {
    return this.#pending;
  }

  began(): void {
    this.#pending++;
  }

  ended(): void {
    this.#pending--;
    if (this.#wantsMore && this.#pending <= this.#maxPending / 2) this.wake();
  }

  /** Makes the broker read again, if it was refused. */
  wake(): void {
    if (!this.#wantsMore || this.stream.destroyed) return;
    this.#wantsMore = false;
    this.stream.emit('readable');
  }

  #read(read: () => Buffer | null): Buffer | null {
    const budget = this.#maxPending - this.#pending;
    if (!this.#mayRead(budget)) return null;
    const chunk = read();
    if (chunk === null) return null;
    const { ready, rest, fault } = this.#guard.take(chunk, budget);
    if (fault !== undefined) {
      this.#refuse(fault);
      return null;
    }
    if (rest !== null) {
      this.#wantsMore = true;
      this.stream.unshift(rest);
    }
    if (ready !== null && !this.#sawConnect) {
      this.#sawConnect = true;
      this.#onConnect?.();
    }
    return ready;
  }

  #mayRead(budget: number): boolean {
    if (this.stream.destroyed) return false;
    // CONNECT costs no commit, and the guard lets nothing pass behind it.
    if (!this.#sawConnect) return true;
    if (this.#isOpen && budget > 0 && this.#intake.isOpen) return true;
    this.#wantsMore = true;
    if (!this.#intake.isOpen) this.#intake.wait(this);
    return false;
  }

  #refuse(fault: string): void {
    tell('rejected', { stage: 'mqtt', reason: fault, count: 1 });
    const answer = connackFor.get(fault);
    if (answer === undefined) {
      this.stream.destroy();
      return;
    }
    this.stream.end(answer, () => this.stream.destroy());
  }
}
