import { z } from 'zod';
import { coverArgs, lightArgs, setpointArgs, switchArgs } from '../../contracts/command-args.ts';
import type { Measurement, Metric } from '../../contracts/message.ts';
import type { Outbound } from '../../contracts/plugin.ts';

/** A value that shows that a command was done; numbers within `within`. Without an endpoint any endpoint will do. */
export interface Expectation {
  readonly n: string;
  readonly ep?: string | undefined;
  readonly value: number | boolean;
  readonly within: number;
}

/** Percent are rounded to a device's own steps, and kelvin to whole mired. */
const percentStep = 1;
const kelvinStep = 100;
const celsiusStep = 0.5;

/** The commands that all plugins share, by the schema of their arguments; what another one does is not known here. */
const shared: Readonly<Record<string, (args: unknown) => Expectation[] | undefined>> = {
  switch: (args) => {
    const { data } = switchArgs().safeParse(args);
    return data && [{ n: 'switch.state', ep: data.ep, value: data.on, within: 0 }];
  },
  light: (args) => {
    const { data } = lightArgs().safeParse(args);
    if (data === undefined) return undefined;
    const { on, brightness, color_temp, ep } = data;
    return [
      ...(on === undefined ? [] : [{ n: 'switch.state', ep, value: on, within: 0 }]),
      ...(brightness === undefined ? [] : [{ n: 'light.brightness', ep, value: brightness, within: percentStep }]),
      ...(color_temp === undefined ? [] : [{ n: 'light.color_temp', ep, value: color_temp, within: kelvinStep }]),
    ];
  },
  cover: (args) => {
    const { data } = coverArgs().safeParse(args);
    return data && 'position' in data
      ? [{ n: 'position', ep: data.ep, value: data.position, within: percentStep }]
      : undefined;
  },
  setpoint: (args) => {
    const { data } = setpointArgs().safeParse(args);
    return data && [{ n: 'setpoint.heat', ep: data.ep, value: data.celsius, within: celsiusStep }];
  },
};

/** What the device's state must show; undefined when only the device itself can say, by any state or answer. */
export function expectationsOf(name: string, args: unknown): readonly Expectation[] | undefined {
  return Object.hasOwn(shared, name) ? shared[name]?.(args) : undefined;
}

const frame = z.object({ id: z.number(), method: z.string() });

/** The ids of JSON-RPC requests, as Shelly Gen2 and later answer them (shelly-api-docs, RPC protocol). */
export function rpcIdsOf(outbound: readonly Outbound[]): readonly number[] {
  return outbound.flatMap(({ payload }) => {
    if (!payload.startsWith('{')) return [];
    try {
      const { data } = frame.safeParse(JSON.parse(payload));
      return data ? [data.id] : [];
    } catch {
      return [];
    }
  });
}

/** What is awaited of a command that went out. `open` shrinks while parts of the state come in. */
export interface Awaited {
  open: readonly Expectation[] | undefined;
  readonly rpcIds: readonly number[];
}

export type Said = 'done' | 'refused' | 'nothing';

/** What one message of the device says about a command that went out to it. */
export function heard(message: Measurement, awaited: Awaited): Said {
  const rpcId = message.meta?.['rpc.id'];
  if (typeof rpcId === 'number') {
    if (!awaited.rpcIds.includes(rpcId)) return 'nothing';
    return message.m.some(({ n }) => n.includes('rpc.error')) ? 'refused' : 'done';
  }
  if (awaited.open === undefined) return message.kind === 'state' || message.kind === 'event' ? 'done' : 'nothing';
  awaited.open = awaited.open.filter((wish) => !message.m.some((metric) => fits(metric, wish, message.dev.ep)));
  return awaited.open.length === 0 ? 'done' : 'nothing';
}

function fits({ n, ep, v, vb }: Metric, wish: Expectation, outer: string | undefined): boolean {
  if (n !== wish.n || (wish.ep !== undefined && wish.ep !== (ep ?? outer))) return false;
  if (typeof wish.value === 'boolean') return vb === wish.value;
  return v !== undefined && Math.abs(v - wish.value) <= wish.within;
}
