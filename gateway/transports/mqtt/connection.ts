import type { Client } from 'aedes';
import type { Duplex } from 'node:stream';
import { tell } from '../../observability/channels.ts';
import type { Intake } from './intake.ts';
import { PacketGuard } from './packet-guard.ts';
import { connackFor } from './packet-rules.ts';
import type { PacketLimits } from './packet-rules.ts';
import type { DirectPublish } from './publish-packet.ts';
import type { TopicRights } from './topic-rights.ts';

/** PUBACK with identifier 0 as one number. */
const PUBACK = 0x40020000;

/** Connections with acknowledgements that go out at the end of this turn of the event loop, which they all share. */
const answering: Connection[] = [];

function flushAll(): void {
  for (const connection of answering.splice(0)) connection.flush();
}

/** Who speaks on a connection, known after the credential was verified. */
export interface Identity {
  /** Empty for anonymous connections. */
  readonly user: string;
  readonly credentialId: string;
  readonly rights: TopicRights;
}

/** What a connection tells of the packets that it saw. */
export interface Heard {
  /** A whole, valid CONNECT came. */
  connect(): void;
  /** In the order of arrival; everything else goes through the stream to the broker. */
  publish(client: Client, connection: Connection, publish: DirectPublish): void;
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
  /** The broker's side of the connection, known right after its stream was guarded. */
  client: Client | undefined;
  #pending = 0;
  readonly #guard: PacketGuard;
  readonly #intake: Intake;
  readonly #maxPending: number;
  #sawConnect = false;
  #isOpen = false;
  #isHeld = false;
  #wantsMore = false;
  #heard: Heard | undefined;
  #unsentAcks: number[] = [];

  constructor(stream: Duplex, address: string, intake: Intake, limits: PacketLimits & { maxPendingPerClient: number }) {
    this.stream = stream;
    this.address = address;
    this.#intake = intake;
    this.#guard = new PacketGuard(limits);
    this.#maxPending = limits.maxPendingPerClient;
  }

  /** Puts itself in front of the stream. */
  guard(heard: Heard): void {
    this.#heard = heard;
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

  /** Nothing is read until `release`: a message of this client waits for room. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.wake();
  }

  /** Makes the broker read again, if it was refused. */
  wake(): void {
    if (!this.#wantsMore || this.stream.destroyed) return;
    this.#wantsMore = false;
    this.stream.emit('readable');
  }

  /** Sends PUBACK (section 3.4). Those of one commit become known in one turn of the event loop and share a write. */
  acknowledge(messageId: number): void {
    if (this.#unsentAcks.push(messageId) > 1) return;
    if (answering.push(this) === 1) process.nextTick(flushAll);
  }

  /** Hands the acknowledgements that wait for the end of the turn to the stream. */
  flush(): void {
    const acks = this.#unsentAcks;
    if (acks.length === 0) return;
    this.#unsentAcks = [];
    if (this.stream.destroyed) return;
    const packets = Buffer.allocUnsafe(4 * acks.length);
    for (const [index, messageId] of acks.entries()) packets.writeUInt32BE(PUBACK + messageId, 4 * index);
    this.stream.write(packets);
  }

  #read(read: () => Buffer | null): Buffer | null {
    const budget = this.#maxPending - this.#pending;
    if (!this.#mayRead(budget)) return null;
    const chunk = read();
    if (chunk === null) return null;
    const { publishes, ready, rest, fault } = this.#guard.take(chunk, budget);
    if (fault !== undefined) {
      this.#refuse(fault);
      return null;
    }
    if (rest !== null) this.#putBack(rest);
    if (ready !== null && !this.#sawConnect) {
      this.#sawConnect = true;
      this.#heard?.connect();
    }
    for (const publish of publishes) {
      // One that is refused ends the connection, and the others with it.
      if (this.client === undefined || this.stream.destroyed) return null;
      this.#heard?.publish(this.client, this, publish);
    }
    return ready;
  }

  #putBack(rest: Buffer): void {
    this.#wantsMore = true;
    this.stream.unshift(rest);
    process.nextTick(() => this.wake());
  }

  #mayRead(budget: number): boolean {
    if (this.stream.destroyed) return false;
    // CONNECT costs no commit, and the guard lets nothing pass behind it.
    if (!this.#sawConnect) return true;
    const isTaking = !this.stream.writableNeedDrain;
    if (this.#isOpen && !this.#isHeld && budget > 0 && isTaking && this.#intake.isOpen) return true;
    this.#wantsMore = true;
    if (!this.#intake.isOpen) this.#intake.wait(this);
    // A client that does not take its acknowledgements gets to send no more.
    else if (!isTaking) this.stream.once('drain', () => this.wake());
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
