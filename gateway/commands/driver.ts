import type { EncodedCommand } from '../../contracts/command-proof.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import type { CommandState } from '../../contracts/command.ts';
import type { CommandResult } from '../../contracts/message.ts';
import type { Outbound } from '../../contracts/plugin.ts';
import type { Write } from '../../contracts/table-set.ts';
import { resultMessage } from '../lib/result-message.ts';
import { tell } from '../observability/channels.ts';
import type { Agenda, OpenCommand } from './agenda.ts';
import type { LivedTime } from '../lib/lived-time.ts';
import type { CommandBounds, CommandDeps, CommandOptions } from './options.ts';
import type { Presence } from './presence.ts';
import { awaitedOf } from './proof.ts';
import { tellEnd } from './tell-end.ts';
import { putWrite, statusOf, type Command } from './tables.ts';
import { eventAt, isFinal, nextState, type CommandEvent } from './transitions.ts';

/** How often lived time is saved while commands are open; what passes between this and a crash is taken from wall time. */
const checkpointMs = 60_000;

type Encoded = EncodedCommand<Outbound>;

interface DriverParts {
  readonly options: CommandOptions;
  readonly deps: CommandDeps;
  readonly bounds: CommandBounds;
  readonly time: LivedTime;
  readonly agenda: Agenda;
  readonly presence: Presence;
}

/** Takes each device's commands from state to state, one out at a time; the next state is on disk before it acts. */
export class Driver {
  readonly #parts: DriverParts;
  readonly #steps = new Set<Promise<void>>();
  #closed = false;
  #checkpointAt: number;

  constructor(parts: DriverParts) {
    this.#parts = parts;
    this.#checkpointAt = parts.time.now();
  }

  lookAtAll(): void {
    const { agenda, time } = this.#parts;
    for (const device of agenda.devices()) this.look(device);
    if (agenda.size > 0 && time.now() - this.#checkpointAt >= checkpointMs) this.#track(this.commit([]));
  }

  look(device: string): void {
    const { agenda, presence, time } = this.#parts;
    const all = agenda.of(device);
    const out = all.find(({ command }) => command.state === 'sent') ?? all.find(({ busy }) => busy);
    const turn = out ?? all[0];
    const now = time.now();
    for (const one of all) {
      if (one.busy || this.#closed) continue;
      const { state, tries, dueMs } = one.command;
      const reachable = one === turn && presence.mayAct(device);
      const { idempotent, sentMs } = one;
      const withdrawn = one.unwanted ? mayWithdraw(state) : undefined;
      const event = withdrawn ?? said[one.said] ?? eventAt({ state, tries, dueMs, idempotent, sentMs, reachable }, now);
      if (event !== undefined) this.#begin(one, event);
    }
  }

  /** Those that have not gone out end. */
  withdraw(isUnwanted: (command: Command) => boolean): void {
    const { agenda } = this.#parts;
    for (const device of agenda.devices()) {
      const unwanted = agenda.of(device).filter(({ command }) => isUnwanted(command));
      for (const one of unwanted) one.unwanted = true;
      if (unwanted.length > 0) this.look(device);
    }
  }

  commit(writes: readonly Write[]): Promise<void> {
    this.#checkpointAt = this.#parts.time.now();
    return this.#parts.deps.store.write([...writes, this.#parts.time.checkpoint()]);
  }

  /** Forgets what ended long ago; goes along with each new command. */
  trims(n: number): Write[] {
    const { bounds, time } = this.#parts;
    return [
      { statement: 'commands.trimCount', params: [n - bounds.maxEnded] },
      { statement: 'commands.trimAge', params: [time.now() - bounds.endedAgeMs] },
      { statement: 'commands.trimChanges', params: [time.now() - 3_600_000] },
    ];
  }

  /** Keeps what is good to know in the next life, and is no step of a command. */
  keep(writes: readonly Write[]): void {
    if (writes.length > 0) this.#track(this.#parts.deps.store.write(writes));
  }

  async finish(): Promise<void> {
    this.#closed = true;
    while (this.#steps.size > 0) await Promise.all(this.#steps);
  }

  #begin(one: OpenCommand, event: CommandEvent): void {
    one.busy = true;
    const step = event === 'send' || event === 'resend' ? this.#send(one, event) : this.#change(one, event, one.why);
    this.#track(
      step.finally(() => {
        one.busy = false;
        // What came meanwhile, and whose turn it is now, need no timer.
        if (one.said !== 'nothing' || one.unwanted || isFinal(one.command.state)) this.look(one.command.device);
      }),
    );
  }

  /** A step that fails leaves the command as it was on disk; it is looked at again. */
  #track(step: Promise<void>): void {
    const tracked = step
      .catch((err: unknown) => this.#parts.deps.log.warn({ err }, 'a command could not go on; trying again'))
      .finally(() => this.#steps.delete(tracked));
    this.#steps.add(tracked);
  }

  async #send(one: OpenCommand, event: 'send' | 'resend'): Promise<void> {
    const { deps, options } = this.#parts;
    const { command } = one;
    const encoded = await this.#encoded(one);
    if (encoded === undefined) return;
    if (encoded.outbound.some(({ topic }) => !deps.reaches(topic))) {
      if (command.state === 'accepted') await this.#change(one, 'hold');
      return;
    }
    if (one.unwanted && mayWithdraw(command.state) !== undefined) return;
    if (options.act === 'before-commit') await this.#actEarly(one, encoded);
    const before = { state: command.state, tries: command.tries };
    Object.assign(command, { state: nextState(command.state, event), tries: command.tries + 1 });
    try {
      await this.commit([putWrite(command, null)]);
    } catch (error) {
      Object.assign(command, before);
      throw error;
    }
    if (event === 'resend') tell('retried', { stage: 'commands', reason: 'silence' });
    options.onMoment?.('sent', command.id);
    if (options.act !== 'before-commit') await this.#publish(one, encoded);
    one.sentMs = this.#parts.time.now();
    options.onMoment?.('published', command.id);
  }

  /** The negative control: what a gateway does that acts first and remembers later. */
  async #actEarly(one: OpenCommand, encoded: Encoded): Promise<void> {
    await this.#publish(one, encoded);
    // The packet leaves with this turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    this.#parts.options.onMoment?.('acted', one.command.id);
  }

  async #publish(one: OpenCommand, { outbound, proof }: Encoded): Promise<void> {
    one.sentMs = this.#parts.time.now();
    one.awaited = awaitedOf(one.command.name, one.command.args, proof);
    try {
      for (const each of outbound) await this.#parts.deps.publish(each);
    } catch (error) {
      if (!(error instanceof PortcullisError) || error.code !== 'COMMAND_INVALID') throw error;
      one.said = 'refused';
      one.why = error.message;
    }
  }

  async #encoded(one: OpenCommand): Promise<Encoded | undefined> {
    const { device, name, args } = one.command;
    try {
      return await this.#parts.deps.encode(one.plugin, name, { device, args });
    } catch (error) {
      if (!(error instanceof PortcullisError) || error.code !== 'COMMAND_INVALID') throw error;
      await this.#change(one, 'refuse', error.message);
      return undefined;
    }
  }

  async #change(one: OpenCommand, event: CommandEvent, why?: string): Promise<void> {
    const { deps, options, time, agenda } = this.#parts;
    const { command } = one;
    const state = nextState(command.state, event);
    if (state === undefined) return;
    const next: Command = {
      ...command,
      state,
      ...reasons[event],
      ...(why !== undefined && { detail: why.slice(0, 1_000) }),
    };
    if (!isFinal(state)) {
      await this.commit([putWrite(next, null)]);
      command.state = state;
      options.onMoment?.('queued', command.id);
      return;
    }
    options.onMoment?.('proved', command.id);
    const writes = [putWrite(next, time.now()), time.checkpoint()];
    const { id, device, state: end, ...rest } = statusOf(next);
    const result = { command: id, state: end as CommandResult['state'], ...rest };
    const src = { proto: 'gateway', topic: 'commands' };
    const measurements = [resultMessage(device, src, result, Math.floor(deps.clock.wallMs()))];
    await deps.append({ measurements, filtered: [], deadLetters: [], writes });
    Object.assign(command, next);
    agenda.remove(one);
    tellEnd(next);
    options.onMoment?.('ended', command.id);
  }
}

const mayWithdraw = (state: CommandState): 'withdraw' | undefined =>
  nextState(state, 'withdraw') === undefined ? undefined : 'withdraw';

const said = { nothing: undefined, done: 'prove', refused: 'refuse' } as const;

const reasons: Partial<Record<CommandEvent, { readonly code: string; readonly detail: string }>> = {
  refuse: { code: 'COMMAND_INVALID', detail: 'The device refused the command.' },
  silence: { code: 'OUTCOME_UNKNOWN', detail: 'The command went out, and nothing shows that it was done.' },
  withdraw: { code: 'CONFLICT', detail: 'Something else was asked for before the command could be sent.' },
  late: { code: 'COMMAND_EXPIRED', detail: 'The time of the command was over before it could be sent.' },
};
