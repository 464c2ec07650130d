import type { Random } from './random.ts';

export type Value = number | boolean | string | null;
/** Everything that a part of the house is at one moment, by field name. */
export type State = Readonly<Record<string, Value>>;

export interface Moment {
  /** The state so far; fields that stand earlier in the list have their new value already. */
  readonly state: State;
  readonly elapsedMs: number;
  readonly random: Random;
}

/** One quantity and how it moves on. */
export interface Field {
  readonly start: Value;
  next(value: Value, moment: Moment): Value;
}
export type Fields = Readonly<Record<string, Field>>;

export const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

/** Stays what it is unless a command changes it. */
export const steady = (start: Value): Field => ({ start, next: (value) => value });

/** Wanders around its start: each step is at most `step`, and it is drawn back so that it stays within `reach`. */
export function drift(start: number, step: number, reach: number, digits = 1): Field {
  return {
    start,
    next: (value, { random }) => {
      const now = typeof value === 'number' ? value : start;
      const pull = ((start - now) / reach) * step;
      const wanted = now + (random() * 2 - 1) * step + pull;
      return rounded(Math.min(start + reach, Math.max(start - reach, wanted)), digits);
    },
  };
}

/** Falls slowly, as a battery does, and is changed for a new one at the end. */
export const wear = (start: number, perHour: number): Field => ({
  start,
  next: (value, { elapsedMs, random }) => {
    const left = Number(value) - (random() * 2 * perHour * elapsedMs) / 3_600_000;
    return left < 5 ? 100 : rounded(left, 4);
  },
});

/** Is `usual`, and now and then one of the others for one step. */
export const sometimes = (usual: Value, others: readonly Value[], chance: number): Field => ({
  start: usual,
  next: (_, { random }) => (random() < chance ? (others[Math.floor(random() * others.length)] ?? usual) : usual),
});

/** Changes between two values and stays there for a while. */
export const flip = (start: Value, other: Value, chance: number): Field => ({
  start,
  next: (value, { random }) => {
    if (random() >= chance) return value;
    return value === start ? other : start;
  },
});

/** Watts of a load: around `nominal` while the field `by` equals `on`, a little standby otherwise. */
export function load(nominal: number, by: string, on: Value, digits = 1): Field {
  return {
    start: 0,
    next: (_, { state, random }) =>
      state[by] === on ? rounded(nominal * (0.92 + 0.16 * random()), digits) : rounded(0.4 * random(), digits),
  };
}

/** Amperes that go with watts and volts at a power factor. */
export const ampere = (watts: string, volts: string, factor = 0.95): Field => ({
  start: 0,
  next: (_, { state }) => rounded(Math.abs(Number(state[watts])) / (Number(state[volts]) * factor), 3),
});

/** A counter of energy that only rises. `perWh` is its units per watt-hour: 0.001 for kWh, 60 for watt-minutes. */
export const energy = (start: number, watts: string, perWh: number, digits = 4): Field => ({
  start,
  next: (value, { state, elapsedMs }) => {
    const gained = (Math.max(0, Number(state[watts])) * elapsedMs) / 3_600_000;
    return rounded(Number(value) + gained * perWh, digits);
  },
});

/** Computed from the rest. */
export const derived = (start: Value, from: (state: State) => Value): Field => ({
  start,
  next: (_, { state }) => from(state),
});

export const initialState = (fields: Fields): State =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.start]));

/** One step of all fields, in their order. Pure but for the random stream. */
export function evolve(fields: Fields, before: State, elapsedMs: number, random: Random): State {
  const state: Record<string, Value> = { ...before };
  for (const [name, field] of Object.entries(fields)) {
    state[name] = field.next(state[name] ?? null, { state, elapsedMs, random });
  }
  return state;
}
