import { z } from 'zod';
import type { NewCommand } from '../../../../contracts/command.ts';
import type { Json } from '../../../../contracts/plugin.ts';
import { toLocal, type Product } from '../data-points.ts';

export type Wish = Pick<NewCommand, 'name' | 'args'>;
type Args = Record<string, Json>;

/** One data point that the cloud wants set. */
export interface CodeValue {
  readonly code: string;
  readonly value?: unknown;
}

/** The metrics that can be set, with the command that sets them and the argument for the value. */
const settable: Readonly<Record<string, readonly [command: string, argument: string, value: z.ZodType<Json>]>> = {
  'switch.state': ['switch', 'on', z.boolean()],
  'light.brightness': ['light', 'brightness', z.number()],
  'light.color_temp': ['light', 'color_temp', z.number()],
  position: ['cover', 'position', z.number()],
  'cover.state': ['cover', 'do', z.string()],
  'setpoint.heat': ['setpoint', 'celsius', z.number()],
};

const argumentsOf = z.record(z.string().max(64), z.json());

/**
 * Data points of one command of the cloud as commands of a device: values in our units, several arguments of one
 * command and endpoint together, in order. A code that is no settable metric but carries an object is the name of a
 * command with its arguments. Undefined, with nothing done, when one of them cannot be done here. Pure.
 */
export function wishesOf(codes: readonly CodeValue[], product: Product): Wish[] | undefined {
  const wishes: { name: string; args: Args }[] = [];
  for (const { code, value } of codes) {
    const wish = wishOf(code, value, product);
    if (wish === undefined) return undefined;
    const same = wishes.find(
      ({ name, args }) => name === wish.name && name === 'light' && args['ep'] === wish.args['ep'],
    );
    if (same === undefined) wishes.push(wish);
    else Object.assign(same.args, wish.args);
  }
  return wishes as Wish[];
}

function wishOf(code: string, raw: unknown, product: Product): { name: string; args: Args } | undefined {
  const local = toLocal(code, raw, product, Object.keys(settable));
  const [name = '', argument = '', type = z.never()] = settable[local?.metric ?? ''] ?? [];
  if (local === undefined) {
    const args = argumentsOf.safeParse(raw);
    return args.success ? { name: code, args: args.data } : undefined;
  }
  const value = type.safeParse(local.value);
  if (!value.success) return undefined;
  return { name, args: { [argument]: value.data, ...(local.ep !== undefined && { ep: local.ep }) } };
}
