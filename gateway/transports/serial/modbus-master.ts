import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { PortcullisError } from '../../../contracts/errors.ts';
import { isModbusFrame, modbusExceptions } from '../../../contracts/modbus-frame.ts';
import type { Outbound, SerialPoll } from '../../../contracts/plugin.ts';
import type { Clock } from '../../lib/clock.ts';
import { tell } from '../../observability/channels.ts';
import type { Feed } from '../feed.ts';
import { identityOf } from './adapters.ts';
import type { SerialDevice } from './device.ts';
import type { PortEvents } from './keep-open.ts';
import { modbusLine, type ModbusLine, type Told } from './modbus-line.ts';
import { serialLimits, type SerialPortOptions } from './options.ts';
import { pollBook, type PollBook, type Presence } from './poll-book.ts';

/** A question that brought nothing is asked so often before it counts as missed: one bit on a long line is nothing. */
const tries = 2;
const commandTimeoutMs = 1_000;

interface Command {
  readonly topic: string;
  readonly frame: Uint8Array;
  readonly done: PromiseWithResolvers<void>;
}

export interface MasterDeps {
  readonly feed: Feed;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The one who asks on an RS-485 line: polls by the plan of the plugins, commands between them, one at a time. */
export class ModbusMaster implements AsyncDisposable {
  readonly #options: SerialPortOptions;
  readonly #deps: MasterDeps;
  readonly #line: ModbusLine;
  readonly #book: PollBook;
  readonly #stopping = new AbortController();
  readonly #commands: Command[] = [];
  #open: { readonly device: SerialDevice; readonly gone: AbortController } | undefined;
  #wake = Promise.withResolvers<void>();
  #running: Promise<void> = Promise.resolve();

  constructor(options: SerialPortOptions, polls: readonly SerialPoll[], deps: MasterDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#line = modbusLine(options, deps.clock);
    this.#book = pollBook(polls);
  }

  start(): this {
    this.#running = this.#run();
    return this;
  }

  readonly events: PortEvents = {
    onData: (bytes) => this.#line.onData(bytes),
    onOpen: (device) => {
      this.#open = { device, gone: new AbortController() };
      this.#wake.resolve();
    },
    onClosed: () => {
      this.#open?.gone.abort();
      this.#open = undefined;
      for (const station of this.#book.lost(this.#deps.clock.monoMs())) this.#announce(station, 'offline');
    },
  };

  presence(): ReadonlyMap<string, Presence | undefined> {
    return this.#book.presence();
  }

  /**
   * Sends one frame, given in hexadecimal, before the next question. Resolves when the station confirmed it. Rejects with
   * DEVICE_UNREACHABLE when nothing usable came back, COMMAND_INVALID when the station refused it, OVERLOADED.
   */
  async send({ topic, payload }: Outbound): Promise<void> {
    const frame = Buffer.from(payload, 'hex');
    if (!isModbusFrame(frame)) {
      throw new PortcullisError('COMMAND_INVALID', `The message for ${topic} is no Modbus frame.`);
    }
    if (this.#stopping.signal.aborted || this.#commands.length >= serialLimits.maxWaitingCommands) {
      throw new PortcullisError('OVERLOADED', `Too many commands wait for port ${this.#options.name}.`);
    }
    const done = Promise.withResolvers<void>();
    this.#commands.push({ topic, frame, done });
    this.#wake.resolve();
    await done.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    this.#wake.resolve();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const command = this.#commands.shift();
      const next = this.#open === undefined ? undefined : this.#book.next(this.#deps.clock.monoMs());
      if (command !== undefined) await this.#runCommand(command);
      else if (next?.inMs === 0) await this.#runPoll(next.poll);
      else await this.#untilWoken(next?.inMs);
    }
    for (const { topic, done } of this.#commands.splice(0)) done.reject(refusal(topic, { is: 'lost' }));
  }

  async #untilWoken(inMs: number | undefined): Promise<void> {
    const over = new AbortController();
    const due = inMs === undefined ? [] : [sleep(inMs, undefined, { signal: over.signal }).catch(() => undefined)];
    await Promise.race([this.#wake.promise, ...due]);
    over.abort();
    this.#wake = Promise.withResolvers();
  }

  async #runPoll(poll: SerialPoll): Promise<void> {
    const told = await this.#ask(Buffer.from(poll.request, 'hex'), poll.timeoutMs);
    // A lost line says nothing about a station: onClosed speaks for all of them.
    if (this.#stopping.signal.aborted || (told.is === 'lost' && this.#open === undefined)) return;
    if (told.is === 'exception') {
      tell('rejected', { stage: 'serial', reason: `modbus-exception-${told.code}`, count: 1 });
    }
    // Presence goes first, so that a measurement never comes from a device that is said to be offline.
    const answered = told.is === 'answer' || told.is === 'exception';
    const presence = this.#book.settle(poll, answered, this.#deps.clock.monoMs());
    if (presence !== undefined) this.#announce(poll.station, presence);
    if (told.is === 'answer') this.#offer(poll.topic, told.frame);
  }

  async #runCommand({ topic, frame, done }: Command): Promise<void> {
    const told = await this.#ask(frame, commandTimeoutMs);
    if (told.is !== 'answer') {
      done.reject(refusal(topic, told));
      return;
    }
    this.#offer(topic, told.frame);
    this.#book.hurry(topic.split('/').slice(0, 3).join('/'), this.#deps.clock.monoMs());
    done.resolve();
  }

  async #ask(frame: Uint8Array, timeoutMs: number): Promise<Told> {
    let told: Told = { is: 'lost' };
    for (let trial = 0; trial < tries; trial++) {
      const open = this.#open;
      if (open === undefined) return { is: 'lost' };
      const gone = AbortSignal.any([open.gone.signal, this.#stopping.signal]);
      told = await this.#line.ask(open.device, frame, timeoutMs, gone);
      if (told.is !== 'timeout' && told.is !== 'garbled') return told;
      tell('retried', { stage: 'serial', reason: told.is });
    }
    return told;
  }

  #announce(station: string, presence: Presence): void {
    this.#deps.log[presence === 'online' ? 'info' : 'warn']({ station }, `the station ${station} is ${presence}`);
    this.#offer(`${station}/availability`, Buffer.from(presence));
  }

  #offer(topic: string, payload: Uint8Array): void {
    const client = identityOf(this.#options.adapter);
    const receivedAt = this.#deps.clock.wallMs();
    if (this.#deps.feed.offer({ transport: 'serial', client, topic, payload, retain: false, receivedAt })) return;
    tell('dropped', { stage: 'serial', reason: 'no-room', count: 1 });
  }
}

function refusal(topic: string, told: Exclude<Told, { is: 'answer' }>): PortcullisError {
  if (told.is === 'exception') {
    const why = modbusExceptions[told.code] ?? 'unknown';
    return new PortcullisError('COMMAND_INVALID', `${topic} was refused: exception ${told.code}, ${why}.`);
  }
  const why = { timeout: 'does not answer', garbled: 'answers with a wrong CRC', lost: 'has no line to it' }[told.is];
  return new PortcullisError('DEVICE_UNREACHABLE', `${topic} ${why}.`);
}
