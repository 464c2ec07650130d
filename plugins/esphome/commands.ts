import { z } from 'zod';
import {
  command,
  coverArgs,
  lightArgs,
  outbound,
  PortcullisError,
  setpointArgs,
  switchArgs,
  type CodecContext,
  type CommandProof,
  type CommandRequest,
  type Json,
  type LightArgs,
  type Outbound,
} from '../../contracts/index.ts';
import type { Actuator } from './actuator.ts';
import { actuatorsKey, actuatorsOf } from './discovery.ts';

interface Target extends Actuator {
  /** The key that has it in knowledge. */
  readonly learnt: string;
}

/** The entity of a kind; when the device has several, the endpoint must say which. */
function actuator(
  { device, args: { ep } }: CommandRequest<{ readonly ep?: string | undefined }>,
  { knowledge }: CodecContext,
  kind: string,
): Target {
  const [only, another] = actuatorsOf(device, knowledge).filter(
    (each) => each.kind === kind && (ep === undefined || each.ep === ep),
  );
  if (only === undefined) throw new PortcullisError('COMMAND_INVALID', `Discovery named no ${kind} of this device.`);
  if (another !== undefined)
    throw new PortcullisError('COMMAND_INVALID', `This device has several: name the endpoint of the ${kind}.`);
  return { ...only, learnt: actuatorsKey(device) };
}

/** A message on the topic of the entity itself. */
function shown({ shown: topic }: Actuator): CommandProof | undefined {
  return topic === undefined ? undefined : { answer: { topic } };
}

function encodeLight(light: Target, { on, brightness, color_temp: kelvin }: LightArgs): Outbound[] {
  const level = brightness === undefined ? undefined : Math.round((brightness * (light.scale ?? 255)) / 100);
  const colour = kelvin === undefined ? undefined : Math.round(light.kelvin === true ? kelvin : 1e6 / kelvin);
  if (light.json === true) {
    // The JSON schema takes level and colour only together with a state.
    const wish: { [key: string]: Json } = { state: on === false ? 'OFF' : 'ON' };
    if (level !== undefined) wish['brightness'] = level;
    if (colour !== undefined) wish['color_temp'] = colour;
    return [outbound(light.state, JSON.stringify(wish), light.learnt)];
  }
  return [
    ...(level === undefined ? [] : [outbound(light.brightness, String(level), light.learnt)]),
    ...(colour === undefined ? [] : [outbound(light.colour, String(colour), light.learnt)]),
    ...(on === undefined ? [] : [outbound(light.state, (on ? light.on : light.off) ?? '', light.learnt)]),
  ];
}

/** To the command topics that discovery named, with the payloads that it named. */
export const commands = {
  switch: command({
    args: switchArgs(),
    idempotent: true,
    encode(request, context) {
      const target = actuator(request, context, 'switch');
      return [outbound(target.state, (request.args.on ? target.on : target.off) ?? '', target.learnt)];
    },
  }),
  light: command({
    args: lightArgs(),
    idempotent: true,
    encode: (request, context) => encodeLight(actuator(request, context, 'light'), request.args),
  }),
  cover: command({
    args: coverArgs(),
    idempotent: true,
    expects: (request, context) => ('do' in request.args ? shown(actuator(request, context, 'cover')) : undefined),
    encode(request, context) {
      const { args } = request;
      const target = actuator(request, context, 'cover');
      if ('do' in args) return [outbound(target.state, target[args.do] ?? '', target.learnt)];
      return [outbound(target.position, String(Math.round(args.position)), target.learnt)];
    },
  }),
  setpoint: command({
    args: setpointArgs(),
    idempotent: true,
    encode(request, context) {
      const target = actuator(request, context, 'climate');
      return [outbound(target.temperature, String(request.args.celsius), target.learnt)];
    },
  }),
  number: command({
    args: z.strictObject({ value: z.number(), ep: z.string().max(64).optional() }),
    idempotent: true,
    expects: (request, context) => shown(actuator(request, context, 'number')),
    encode(request, context) {
      const target = actuator(request, context, 'number');
      return [outbound(target.state, String(request.args.value), target.learnt)];
    },
  }),
};
