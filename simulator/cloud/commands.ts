import { randomBytes } from 'node:crypto';
import { Arrivals } from './arrivals.ts';

export interface CodeValue {
  readonly code: string;
  readonly value?: unknown;
}

/** An action of the thing model (Tuya, "Properties, Actions, and Events"). */
export interface Action {
  readonly action_code: string;
  readonly input_params?: unknown;
}

/** What is asked of a device: data points or an action. */
export type Wish = { readonly commands: readonly CodeValue[] } | { readonly action: Action };

export type CommandState = 'queued' | 'sent' | 'acked' | 'failed' | 'expired';

/** A command on its way down. Times are wall milliseconds. */
export interface CloudCommand {
  readonly command_id: string;
  readonly device_id: string;
  readonly commands?: readonly CodeValue[];
  readonly action?: Action;
  readonly issued_at: number;
  readonly expires_at: number;
  state: CommandState;
  sent: number;
  message?: string;
}

interface Held {
  readonly command: CloudCommand;
  leasedUntil: number;
}

const maxHeld = 10_000;
const leaseMs = 30_000;
const lifeMs = 10 * 60_000;
const perPoll = 100;

/**
 * Commands wait here until the gateway polls for them. A command is lent for 30 s and comes again until it is
 * acknowledged or ten minutes old: at least once, as from the real message queue. The oldest of 10,000 is forgotten.
 */
export class CommandQueue {
  readonly #held = new Map<string, Held>();
  readonly #arrivals = new Arrivals();

  enqueue(device: string, wish: Wish, now: number, ttlMs: number = lifeMs): CloudCommand {
    const command: CloudCommand = {
      command_id: randomBytes(16).toString('hex'),
      device_id: device,
      ...wish,
      issued_at: now,
      expires_at: now + ttlMs,
      state: 'queued',
      sent: 0,
    };
    this.#held.set(command.command_id, { command, leasedUntil: 0 });
    const [oldest] = this.#held.keys();
    if (this.#held.size > maxHeld && oldest !== undefined) this.#held.delete(oldest);
    this.#arrivals.announce();
    return command;
  }

  /** What is due now, lent until the lease ends. */
  take(now: number): CloudCommand[] {
    const due: CloudCommand[] = [];
    for (const held of this.#held.values()) {
      const { command } = held;
      if (command.state !== 'queued' && command.state !== 'sent') continue;
      if (command.expires_at <= now) command.state = 'expired';
      else if (held.leasedUntil <= now && due.length < perPoll) {
        command.state = 'sent';
        command.sent++;
        held.leasedUntil = now + leaseMs;
        due.push(command);
      }
    }
    return due;
  }

  /** Waits for something to become due, at most `timeoutMs`; resolves with nothing on time-out or abort. */
  async poll(timeoutMs: number, now: () => number, signal: AbortSignal): Promise<CloudCommand[]> {
    const first = this.take(now());
    if (first.length > 0) return first;
    await this.#arrivals.wait(timeoutMs, signal);
    return signal.aborted ? [] : this.take(now());
  }

  /** Ends all leases: what is not settled comes again with the next poll. */
  redeliver(): void {
    for (const held of this.#held.values()) held.leasedUntil = 0;
    this.#arrivals.announce();
  }

  /** The gateway's answer. False when there is no such command. */
  settle(id: string, success: boolean, message: string | undefined): boolean {
    const held = this.#held.get(id);
    if (!held) return false;
    held.command.state = success ? 'acked' : 'failed';
    if (message !== undefined) held.command.message = message;
    return true;
  }

  list(): CloudCommand[] {
    return [...this.#held.values()].map((held) => held.command);
  }
}
