import { evolve } from './physics.ts';
import type { Fields, State } from './physics.ts';
import type { Random } from './random.ts';

/** One MQTT message on its way to the broker. */
export interface Say {
  readonly topic: string;
  readonly payload: string;
  readonly qos: 0 | 1;
  readonly retain: boolean;
}

/** A message that reached a device. */
export type Heard = Pick<Say, 'topic' | 'payload'>;

/** What a device becomes, and what it says then. */
export interface Turn {
  readonly state: State;
  readonly says: readonly Say[];
}

/** A device as data and pure functions; the house owns the clock, the random stream and the connection. */
export interface Part {
  readonly name: string;
  /** Milliseconds between two reports at rate 1. */
  readonly everyMs: number;
  readonly fields: Fields;
  /** What it says of itself; `before` is the state of the last report. `now` is wall milliseconds. */
  report(state: State, before: State, now: number): readonly Say[];
  /** Its answer to a message; undefined when the message is not for it. */
  obey?(state: State, message: Heard, now: number): Turn | undefined;
}

/** What holds one connection: a device, or a bridge with many behind it. */
export interface Station {
  readonly clientId: string;
  readonly will: Say;
  readonly subscribe: readonly string[];
  readonly parts: readonly Part[];
  /** Said after every connect. */
  hello(states: readonly State[], now: number): readonly Say[];
  /** Whether a message asks for `hello` again. */
  asksHello?(message: Heard): boolean;
}

/** One step of one part: its fields move on by the time that passed, then it reports. */
export function tick(part: Part, before: State, moment: { now: number; elapsedMs: number; random: Random }): Turn {
  const state = evolve(part.fields, before, moment.elapsedMs, moment.random);
  return { state, says: part.report(state, before, moment.now) };
}

/** JSON or text to a topic, at QoS 1 and not retained unless said otherwise. */
export function say(topic: string, payload: unknown, options: { qos?: 0 | 1; retain?: boolean } = {}): Say {
  const { qos = 1, retain = false } = options;
  return { topic, payload: typeof payload === 'string' ? payload : JSON.stringify(payload), qos, retain };
}

/** A JSON object, or undefined for any other text. */
export function parseObject(payload: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(payload);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** What a switch becomes: `on`, `off`, `toggle` in any case, a boolean; undefined for anything else. */
export function switched(was: boolean, wish: unknown): boolean | undefined {
  const word = String(wish).toLowerCase();
  if (word === 'toggle') return !was;
  if (word === 'on' || word === 'true' || word === '1') return true;
  return word === 'off' || word === 'false' || word === '0' ? false : undefined;
}
