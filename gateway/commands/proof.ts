import type { AnswerMark, CommandProof, ShownValue } from '../../contracts/command-proof.ts';
import { coverArgs, lightArgs, setpointArgs, switchArgs } from '../../contracts/command-args.ts';
import type { Measurement, Metric } from '../../contracts/message.ts';
import type { MetricWord } from '../../contracts/metric-words.ts';
import { twinWord } from '../../contracts/twin-words.ts';

/** A number counts as shown within what devices make of it. */
function near(n: MetricWord, ep: string | undefined, value: number): ShownValue {
  return { n, ep, value, within: twinWord(n)?.within };
}

/** The commands that all plugins share, by the schema of their arguments; what another one does is not known here. */
const shared: Readonly<Record<string, (args: unknown) => ShownValue[] | undefined>> = {
  switch: (args) => {
    const { data } = switchArgs().safeParse(args);
    return data && [{ n: 'switch.state', ep: data.ep, value: data.on }];
  },
  light: (args) => {
    const { data } = lightArgs().safeParse(args);
    if (data === undefined) return undefined;
    const { on, brightness, color_temp, ep } = data;
    return [
      ...(on === undefined ? [] : [{ n: 'switch.state', ep, value: on }]),
      ...(brightness === undefined ? [] : [near('light.brightness', ep, brightness)]),
      ...(color_temp === undefined ? [] : [near('light.color_temp', ep, color_temp)]),
    ];
  },
  cover: (args) => {
    const { data } = coverArgs().safeParse(args);
    if (data === undefined) return undefined;
    return 'position' in data ? [near('position', data.ep, data.position)] : [{ n: 'cover.state', ep: data.ep }];
  },
  setpoint: (args) => {
    const { data } = setpointArgs().safeParse(args);
    return data && [near('setpoint.heat', data.ep, data.celsius)];
  },
};

/** The values that a command shared by all plugins asks for; undefined for one that only its plugin understands. */
export function wantedBy(name: string, args: unknown): readonly ShownValue[] | undefined {
  return Object.hasOwn(shared, name) ? shared[name]?.(args) : undefined;
}

/** What is awaited of a command that went out. `open` shrinks while parts of the state come in. */
export interface Awaited {
  open: readonly ShownValue[] | undefined;
  readonly answer: AnswerMark | undefined;
  readonly refusal: string | undefined;
}

/** What the codec says shows that a command was done; where it is silent on the state, what its arguments ask for. */
export function awaitedOf(name: string, args: unknown, said: CommandProof | undefined): Awaited {
  return { open: said?.state ?? wantedBy(name, args), answer: said?.answer, refusal: said?.refusal };
}

/** After a start only values that were asked for prove anything; undefined when there are none. */
export function awaitedAfterStart(name: string, args: unknown): Awaited | undefined {
  const open = wantedBy(name, args);
  const isTold = open?.every(({ value }) => value !== undefined) === true;
  return isTold ? { open, answer: undefined, refusal: undefined } : undefined;
}

export type Said = 'done' | 'refused' | 'nothing';

/** What one message of the device says about a command that went out to it. */
export function heard(message: Measurement, awaited: Awaited): Said {
  const { open, answer, refusal } = awaited;
  const isAnswer = answer !== undefined && answers(message, answer);
  if (refusal !== undefined && (isAnswer || answer === undefined)) {
    if (message.m.some(({ n }) => n.startsWith(refusal))) return 'refused';
  }
  if (isAnswer) return 'done';
  if (open === undefined) {
    const any = answer === undefined && (message.kind === 'state' || message.kind === 'event');
    return any ? 'done' : 'nothing';
  }
  awaited.open = open.filter((wish) => !message.m.some((metric) => fits(metric, wish, message.dev.ep)));
  return awaited.open.length === 0 ? 'done' : 'nothing';
}

function answers({ src, meta }: Measurement, mark: AnswerMark): boolean {
  if (mark.topic !== undefined && !src.topic.startsWith(mark.topic)) return false;
  return mark.meta === undefined || meta?.[mark.meta[0]] === mark.meta[1];
}

function fits({ n, ep, v, vb, vs }: Metric, wish: ShownValue, outer: string | undefined): boolean {
  if (wish.n !== undefined && n !== wish.n) return false;
  if (wish.ep !== undefined && wish.ep !== (ep ?? outer)) return false;
  const { value, within = 0 } = wish;
  if (typeof value === 'number') return v !== undefined && Math.abs(v - value) <= within;
  const shown = v ?? vb ?? vs;
  return value === undefined ? shown !== undefined : shown === value;
}
