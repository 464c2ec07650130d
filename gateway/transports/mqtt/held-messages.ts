import type { Client } from 'aedes';
import type { Connection } from './connection.ts';
import type { Intake } from './intake.ts';

/** A message as far as holding it goes. */
interface Holdable {
  /** Absent for a will. */
  readonly connection: Connection | undefined;
  readonly client: string;
  readonly bytes: number;
  /** Grows with each arrival. */
  readonly order: number;
}

/** The messages of one client that were refused, and those that came behind them. */
interface Hold<Message> {
  readonly client: string;
  /** In the order of their arrival. */
  readonly waiting: Message[];
  readonly trying: Set<Message>;
  /** Not read until the hold ends. */
  readonly connections: Set<Connection>;
  /** So many are tried together next; none before the next round. */
  width: number;
  isStoreFault: boolean;
}

export interface HeldMessagesParts<Message> {
  readonly intake: Pick<Intake, 'hold' | 'release'>;
  readonly maxBytes: number;
  /** `refused` or `settled` must follow. */
  readonly attempt: (message: Message) => void;
  /** Called in each round, because nobody sees the pings of one that is not read: a waiting device is not a dead one. */
  readonly keepAlive: (client: Client) => void;
  readonly keepAllAlive: () => void;
}

const firstRoundMs = 250;
const maxRetryMs = 2000;

/**
 * Messages that were refused and are tried again. Who has one here is not read, and what still comes of it waits behind,
 * so that nothing of a client overtakes. A fault of the store concerns everybody and stops all reading; a queue that is
 * full may be that of a single plugin, and stops those alone who send to it (decision 0220).
 *
 * The first message of a client shows whether there is room: the others follow it by one, two, four and so on.
 */
export class HeldMessages<Message extends Holdable> {
  readonly #parts: HeldMessagesParts<Message>;
  readonly #holds = new Map<string, Hold<Message>>();
  #count = 0;
  #bytes = 0;
  #storeFaults = 0;
  #timer: NodeJS.Timeout | undefined;
  #roundMs = firstRoundMs;

  constructor(parts: HeldMessagesParts<Message>) {
    this.#parts = parts;
  }

  get count(): number {
    return this.#count;
  }

  /** Whether a message must wait because an earlier one of its client does. */
  holds(client: string): boolean {
    return this.#holds.has(client);
  }

  /** Whether there is room for one more. What the store refuses was bounded by the intake, which is not read then. */
  admits(message: Message): boolean {
    if (message.connection === undefined || this.#storeFaults > 0) return true;
    if (this.#bytes + message.bytes <= this.#parts.maxBytes) return true;
    return this.#holds.get(message.client)?.trying.has(message) === true;
  }

  /** Holds a message until the next round at least. */
  refused(message: Message, isStoreFault: boolean): void {
    const hold = this.#holds.get(message.client) ?? this.#open(message.client);
    hold.width = 0;
    this.#blame(hold, isStoreFault);
    this.#forget(hold, message);
    this.#insert(hold, message);
    this.#timer ??= setTimeout(() => this.#round(), this.#roundMs);
  }

  /** Holds a message behind the earlier ones of its client. */
  follow(message: Message): void {
    const hold = this.#holds.get(message.client);
    if (hold !== undefined) this.#insert(hold, message);
  }

  /** The message was committed, or given up for good. */
  settled(message: Message, isCommitted: boolean): void {
    const hold = this.#holds.get(message.client);
    if (hold === undefined) return;
    this.#forget(hold, message);
    if (isCommitted) {
      this.#roundMs = firstRoundMs;
      this.#blame(hold, false);
    } else {
      hold.width = 0;
    }
    this.#proceed(hold);
  }

  /** Takes out what waits behind a message on the same connection; `settled` must follow for the message. */
  takeBehind({ client, connection, order }: Message): Message[] {
    const hold = this.#holds.get(client);
    if (hold === undefined || connection === undefined) return [];
    const behind = hold.waiting.filter((one) => one.connection === connection && one.order > order);
    for (const one of behind) {
      hold.waiting.splice(hold.waiting.indexOf(one), 1);
      this.#add(one, -1);
    }
    return behind;
  }

  /** Takes out all that waits, and tries nothing again. */
  close(): Message[] {
    clearTimeout(this.#timer);
    const all = [...this.#holds.values()].flatMap(({ waiting }) => waiting);
    this.#holds.clear();
    return all;
  }

  #open(client: string): Hold<Message> {
    const connections = new Set<Connection>();
    const hold = { client, waiting: [], trying: new Set<Message>(), connections, width: 0, isStoreFault: false };
    this.#holds.set(client, hold);
    return hold;
  }

  #insert({ waiting, connections }: Hold<Message>, message: Message): void {
    const before = waiting.findLastIndex(({ order }) => order < message.order);
    waiting.splice(before + 1, 0, message);
    this.#add(message, 1);
    if (message.connection === undefined) return;
    connections.add(message.connection);
    message.connection.hold();
  }

  #forget({ trying }: Hold<Message>, message: Message): void {
    if (trying.delete(message)) this.#add(message, -1);
  }

  #add({ bytes }: Message, sign: 1 | -1): void {
    this.#count += sign;
    this.#bytes += sign * bytes;
  }

  #round(): void {
    this.#roundMs = Math.min(this.#roundMs * 2, maxRetryMs);
    this.#timer = setTimeout(() => this.#round(), this.#roundMs);
    if (this.#storeFaults > 0) this.#parts.keepAllAlive();
    for (const hold of this.#holds.values()) {
      for (const { client } of hold.connections) if (client !== undefined) this.#parts.keepAlive(client);
      hold.width ||= 1;
      this.#proceed(hold);
    }
  }

  #proceed(hold: Hold<Message>): void {
    if (hold.trying.size > 0) return;
    if (hold.waiting.length === 0) {
      this.#end(hold);
      return;
    }
    const together = hold.waiting.splice(0, hold.width);
    hold.width *= 2;
    for (const message of together) hold.trying.add(message);
    for (const message of together) this.#parts.attempt(message);
  }

  #end(hold: Hold<Message>): void {
    this.#holds.delete(hold.client);
    this.#blame(hold, false);
    if (this.#holds.size === 0) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#roundMs = firstRoundMs;
    }
    for (const connection of hold.connections) connection.release();
  }

  #blame(hold: Hold<Message>, isStoreFault: boolean): void {
    if (hold.isStoreFault === isStoreFault) return;
    hold.isStoreFault = isStoreFault;
    this.#storeFaults += isStoreFault ? 1 : -1;
    if (isStoreFault) this.#parts.intake.hold();
    else if (this.#storeFaults === 0) this.#parts.intake.release();
  }
}
