import { z } from 'zod';
import {
  command,
  coverArgs,
  lightArgs,
  outbound,
  PortcullisError,
  setpointArgs,
  shownBy,
  switchArgs,
  type CommandProof,
  type CommandRequest,
  type Json,
  type JsonObject,
  type Knowledge,
  type MetricWord,
  type Outbound,
} from '../../contracts/index.ts';
import type { Context } from './config.ts';
import type { PropertyMeaning } from './exposes.ts';
import { namedBy, nameOf } from './names.ts';
import { readState } from './state.ts';

function send({ device }: CommandRequest, context: Context, state: { readonly [key: string]: Json }): Outbound[] {
  const name = nameOf(device, context.knowledge);
  if (name === '' || name.startsWith('bridge')) {
    throw new PortcullisError('COMMAND_INVALID', 'This device has no topic for that.');
  }
  return [outbound(`${context.config.base}/${name}/set`, JSON.stringify(state))];
}

/** The property that carries a word at an endpoint. A device that is known not to have it refuses the command. */
function propertyOf(
  { device }: CommandRequest,
  { knowledge }: Context,
  word: MetricWord,
  ep: string | undefined,
  usual: string,
): readonly [string, PropertyMeaning] {
  const known = namedBy(nameOf(device, knowledge), knowledge)?.p ?? {};
  const found = Object.entries(known).find(([, meaning]) => meaning.w === word && meaning.ep === ep);
  if (found !== undefined) return found;
  if (Object.keys(known).length > 0) {
    throw new PortcullisError('COMMAND_INVALID', `This device has no ${word}${ep === undefined ? '' : ` at ${ep}`}.`);
  }
  return [ep === undefined ? usual : `${usual}_${ep}`, {}];
}

/**
 * Zigbee2MQTT publishes the state with what was set in it. Of properties that the device is not known to show
 * (`transition`, `effect`) nothing is expected; a toggle may show either value.
 */
function shownAfter(device: string, args: JsonObject, knowledge: Knowledge): CommandProof | undefined {
  const meanings = namedBy(nameOf(device, knowledge), knowledge)?.p ?? {};
  const wanted = Object.entries(args).filter(([property]) => Object.hasOwn(meanings, property));
  const state = wanted.flatMap(([property, value]) => {
    const { on, w: n, ep } = meanings[property] ?? {};
    const toggled = typeof value === 'string' && value.toUpperCase() === 'TOGGLE';
    if (toggled && on !== undefined) return [{ n, ep }];
    return shownBy(readState(device, { [property]: value }, meanings).flatMap(({ metrics }) => metrics));
  });
  return state.length === 0 ? undefined : { state };
}

/** `<base>/<friendly name>/set` with a JSON object (zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html). */
export const commands = {
  switch: command({
    args: switchArgs(),
    idempotent: true,
    encode(request, context: Context) {
      const { on, ep } = request.args;
      const [property, meaning] = propertyOf(request, context, 'switch.state', ep, 'state');
      return send(request, context, { [property]: on ? (meaning.on ?? 'ON') : (meaning.off ?? 'OFF') });
    },
  }),
  light: command({
    args: lightArgs(),
    idempotent: true,
    encode(request, context: Context) {
      const { on, brightness, color_temp, ep } = request.args;
      const wish: { [key: string]: Json } = {};
      const property = (word: MetricWord, usual: string): string => propertyOf(request, context, word, ep, usual)[0];
      if (on !== undefined) wish[property('switch.state', 'state')] = on ? 'ON' : 'OFF';
      if (brightness !== undefined) wish[property('light.brightness', 'brightness')] = Math.round(brightness * 2.54);
      if (color_temp !== undefined) wish[property('light.color_temp', 'color_temp')] = Math.round(1e6 / color_temp);
      return send(request, context, wish);
    },
  }),
  cover: command({
    args: coverArgs(),
    idempotent: true,
    encode(request, context: Context) {
      const { args } = request;
      if ('do' in args) {
        const [property] = propertyOf(request, context, 'cover.state', args.ep, 'state');
        return send(request, context, { [property]: args.do.toUpperCase() });
      }
      const [property] = propertyOf(request, context, 'position', args.ep, 'position');
      return send(request, context, { [property]: Math.round(args.position) });
    },
  }),
  setpoint: command({
    args: setpointArgs(),
    idempotent: true,
    encode(request, context: Context) {
      const { celsius, ep } = request.args;
      const [property] = propertyOf(request, context, 'setpoint.heat', ep, 'occupied_heating_setpoint');
      return send(request, context, { [property]: celsius });
    },
  }),
  set: command({
    args: z.record(z.string().max(64), z.json()),
    idempotent: false,
    expects: ({ device, args }, { knowledge }: Context) => shownAfter(device, args, knowledge),
    encode: (request, context: Context) => send(request, context, request.args),
  }),
};
