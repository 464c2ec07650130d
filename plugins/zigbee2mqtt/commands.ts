import { z } from 'zod';
import {
  command,
  PortcullisError,
  type CommandRequest,
  type Json,
  type Knowledge,
  type MetricWord,
  type Outbound,
} from '../../contracts/index.ts';
import type { PropertyMeaning } from './exposes.ts';
import { namedBy, nameOf } from './names.ts';

const endpoint = z.string().max(64);
const percent = z.number().min(0).max(100);

/** The plugin's configuration: the base topic of the bridge. */
export const config = z.strictObject({ base: z.string().min(1).max(128).default('zigbee2mqtt') });
type Config = z.infer<typeof config>;

interface Context {
  readonly config: Config;
  readonly knowledge: Knowledge;
}

function send(
  { device }: CommandRequest,
  { config, knowledge }: Context,
  state: { readonly [key: string]: Json },
): Outbound[] {
  const name = nameOf(device, knowledge);
  if (name === '' || name.startsWith('bridge') || /[+#\0]/.test(name)) {
    throw new PortcullisError('COMMAND_INVALID', 'This device has no command topic.');
  }
  return [{ topic: `${config.base}/${name}/set`, payload: JSON.stringify(state), qos: 1 }];
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

type Ep = { readonly ep?: string | undefined };
type Light = Ep & { on?: boolean | undefined; brightness?: number | undefined; color_temp?: number | undefined };
type Cover = Ep & { position?: number | undefined; do?: 'open' | 'close' | 'stop' | undefined };

/** `<base>/<friendly name>/set` with a JSON object (zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html). */
export const commands = {
  switch: command<Ep & { on: boolean }, Config>({
    args: z.strictObject({ on: z.boolean(), ep: endpoint.optional() }),
    idempotent: true,
    encode(request, context) {
      const { on, ep } = request.args;
      const [property, meaning] = propertyOf(request, context, 'switch.state', ep, 'state');
      return send(request, context, { [property]: on ? (meaning.on ?? 'ON') : (meaning.off ?? 'OFF') });
    },
  }),
  light: command<Light, Config>({
    args: z.strictObject({
      on: z.boolean().optional(),
      /** Percent. */
      brightness: percent.optional(),
      /** Kelvin. */
      color_temp: z.number().min(1000).max(10_000).optional(),
      ep: endpoint.optional(),
    }),
    idempotent: true,
    encode(request, context) {
      const { on, brightness, color_temp, ep } = request.args;
      const wish: { [key: string]: Json } = {};
      const property = (word: MetricWord, usual: string): string => propertyOf(request, context, word, ep, usual)[0];
      if (on !== undefined) wish[property('switch.state', 'state')] = on ? 'ON' : 'OFF';
      if (brightness !== undefined) wish[property('light.brightness', 'brightness')] = Math.round(brightness * 2.54);
      if (color_temp !== undefined) wish[property('light.color_temp', 'color_temp')] = Math.round(1e6 / color_temp);
      return send(request, context, wish);
    },
  }),
  cover: command<Cover, Config>({
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
      if (position !== undefined) {
        const [property] = propertyOf(request, context, 'position', ep, 'position');
        return send(request, context, { [property]: Math.round(position) });
      }
      const [property] = propertyOf(request, context, 'cover.state', ep, 'state');
      return send(request, context, { [property]: (action ?? 'stop').toUpperCase() });
    },
  }),
  setpoint: command<Ep & { celsius: number }, Config>({
    args: z.strictObject({ celsius: z.number().min(4).max(35), ep: endpoint.optional() }),
    idempotent: true,
    encode(request, context) {
      const { celsius, ep } = request.args;
      const [property] = propertyOf(request, context, 'setpoint.heat', ep, 'occupied_heating_setpoint');
      return send(request, context, { [property]: celsius });
    },
  }),
  set: command<Record<string, Json>, Config>({
    args: z.record(z.string().max(64), z.json()),
    idempotent: false,
    encode: (request, context) => send(request, context, request.args),
  }),
};
