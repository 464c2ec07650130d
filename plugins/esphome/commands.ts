import { z } from 'zod';
import {
  command,
  PortcullisError,
  type CommandRequest,
  type Json,
  type Knowledge,
  type Outbound,
} from '../../contracts/index.ts';
import type { Actuator } from './actuator.ts';
import { actuatorsOf } from './discovery.ts';

const endpoint = z.string().max(64);
const percent = z.number().min(0).max(100);

interface Context {
  readonly knowledge: Knowledge;
}

/** The entity of a kind; when the device has several, the endpoint must say which. */
function actuator({ device }: CommandRequest, { knowledge }: Context, kind: string, ep: string | undefined): Actuator {
  const found = actuatorsOf(device, knowledge).filter(
    (each) => each.kind === kind && (ep === undefined || each.ep === ep),
  );
  const [only, another] = found;
  if (only === undefined) throw new PortcullisError('COMMAND_INVALID', `Discovery named no ${kind} of this device.`);
  if (another !== undefined)
    throw new PortcullisError('COMMAND_INVALID', `This device has several: name the endpoint of the ${kind}.`);
  return only;
}

function send(topic: string | undefined, payload: string): Outbound {
  if (topic === undefined || topic === '' || /[+#\0]/.test(topic)) {
    throw new PortcullisError('COMMAND_INVALID', 'This device has no topic for that.');
  }
  return { topic, payload, qos: 1 };
}

type Ep = { readonly ep?: string | undefined };
type Light = Ep & { on?: boolean | undefined; brightness?: number | undefined; color_temp?: number | undefined };
type Cover = Ep & { position?: number | undefined; do?: 'open' | 'close' | 'stop' | undefined };

function encodeLight(light: Actuator, { on, brightness, color_temp }: Light): Outbound[] {
  const level = brightness === undefined ? undefined : Math.round((brightness * (light.scale ?? 255)) / 100);
  const mired = color_temp === undefined ? undefined : Math.round(1e6 / color_temp);
  const word = on === undefined ? undefined : on ? (light.on ?? 'ON') : (light.off ?? 'OFF');
  if (light.json === true) {
    // The JSON schema takes level and colour only together with a state.
    const wish: { [key: string]: Json } = { state: on === false ? 'OFF' : 'ON' };
    if (level !== undefined) wish['brightness'] = level;
    if (mired !== undefined) wish['color_temp'] = mired;
    return [send(light.state, JSON.stringify(wish))];
  }
  return [
    ...(level === undefined ? [] : [send(light.brightness, String(level))]),
    ...(mired === undefined ? [] : [send(light.colour, String(mired))]),
    ...(word === undefined ? [] : [send(light.state, word)]),
  ];
}

/** To the command topics that discovery named, with the payloads that it named. */
export const commands = {
  switch: command<Ep & { on: boolean }>({
    args: z.strictObject({ on: z.boolean(), ep: endpoint.optional() }),
    idempotent: true,
    encode(request, context) {
      const { on, ep } = request.args;
      const target = actuator(request, context, 'switch', ep);
      return [send(target.state, (on ? target.on : target.off) ?? '')];
    },
  }),
  light: command<Light>({
    args: z.strictObject({
      on: z.boolean().optional(),
      /** Percent. */
      brightness: percent.optional(),
      /** Kelvin. */
      color_temp: z.number().min(1000).max(10_000).optional(),
      ep: endpoint.optional(),
    }),
    idempotent: true,
    encode: (request, context) => encodeLight(actuator(request, context, 'light', request.args.ep), request.args),
  }),
  cover: command<Cover>({
    args: z
      .strictObject({
        /** Percent open. */
        position: percent.optional(),
        do: z.enum(['open', 'close', 'stop']).optional(),
        ep: endpoint.optional(),
      })
      .refine((args) => (args.position === undefined) !== (args.do === undefined), 'either position or do'),
    idempotent: true,
    encode(request, context) {
      const { position, do: action, ep } = request.args;
      const target = actuator(request, context, 'cover', ep);
      if (action === undefined) return [send(target.position, String(Math.round(position ?? 0)))];
      return [send(target.state, target[action] ?? '')];
    },
  }),
  setpoint: command<Ep & { celsius: number }>({
    args: z.strictObject({ celsius: z.number().min(4).max(35), ep: endpoint.optional() }),
    idempotent: true,
    encode(request, context) {
      const { celsius, ep } = request.args;
      return [send(actuator(request, context, 'climate', ep).temperature, String(celsius))];
    },
  }),
  number: command<Ep & { value: number }>({
    args: z.strictObject({ value: z.number(), ep: endpoint.optional() }),
    idempotent: true,
    encode(request, context) {
      const { value, ep } = request.args;
      return [send(actuator(request, context, 'number', ep).state, String(value))];
    },
  }),
};
