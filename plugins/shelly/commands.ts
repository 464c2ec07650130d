import { z } from 'zod';
import {
  command,
  PortcullisError,
  type CommandRequest,
  type Json,
  type Knowledge,
  type Outbound,
} from '../../contracts/index.ts';
import { isGen1, prefixFor } from './prefixes.ts';

const endpoint = z.string().regex(/^\d{1,3}$/);
const percent = z.number().min(0).max(100);
/** Answers come back on `<src>/rpc`. */
const src = 'portcullis';

interface Context {
  readonly knowledge: Knowledge;
}

interface Target {
  readonly gen1: boolean;
  readonly base: string;
}

function target({ device }: CommandRequest, { knowledge }: Context): Target {
  const id = device.replace(/^shelly:/, '');
  const gen1 = isGen1(id, knowledge);
  const base = gen1 ? `shellies/${id}` : prefixFor(id, knowledge);
  if (id === '' || /[+#\0]/.test(base))
    throw new PortcullisError('COMMAND_INVALID', 'This device has no command topic.');
  return { gen1, base };
}

function plain({ base }: Target, topic: string, payload: string): Outbound {
  return { topic: `${base}/${topic}`, payload, qos: 1 };
}

/** One JSON-RPC frame. Its id follows from its content, so that the same wish has the same id. */
function rpc({ base }: Target, method: string, params: { readonly [key: string]: Json }): Outbound {
  const body = JSON.stringify(params);
  return {
    topic: `${base}/rpc`,
    payload: `{"id":${checksum(method + body)},"src":"${src}","method":"${method}","params":${body}}`,
    qos: 1,
  };
}

/** FNV-1a over UTF-16 code units, 31 bits. */
function checksum(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash & 0x7fffffff;
}

/** Gen1: topics `…/command` and `…/set`. Gen2 and later: `<Component>.<Method>` over `<prefix>/rpc`. */
export const commands = {
  switch: command<{ on: boolean; ep?: string | undefined }>({
    args: z.strictObject({ on: z.boolean(), ep: endpoint.optional() }),
    idempotent: true,
    encode(request, context) {
      const to = target(request, context);
      const { on, ep = '0' } = request.args;
      return to.gen1
        ? [plain(to, `relay/${ep}/command`, on ? 'on' : 'off')]
        : [rpc(to, 'Switch.Set', { id: Number(ep), on })];
    },
  }),
  light: command<{
    on?: boolean | undefined;
    brightness?: number | undefined;
    color_temp?: number | undefined;
    ep?: string | undefined;
  }>({
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
      const to = target(request, context);
      const { on, brightness, color_temp, ep = '0' } = request.args;
      if (to.gen1) {
        const wish = { ...(on !== undefined && { turn: on ? 'on' : 'off' }), brightness, temp: color_temp };
        return [plain(to, `light/${ep}/set`, JSON.stringify(wish))];
      }
      const wish: { [key: string]: Json } = { id: Number(ep) };
      if (on !== undefined) wish['on'] = on;
      if (brightness !== undefined) wish['brightness'] = brightness;
      if (color_temp !== undefined) wish['ct'] = color_temp;
      return [rpc(to, color_temp === undefined ? 'Light.Set' : 'CCT.Set', wish)];
    },
  }),
  cover: command<{
    position?: number | undefined;
    do?: 'open' | 'close' | 'stop' | undefined;
    ep?: string | undefined;
  }>({
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
      const to = target(request, context);
      const { position, do: action, ep = '0' } = request.args;
      const id = Number(ep);
      if (action === undefined) {
        const pos = Math.round(position ?? 0);
        return to.gen1
          ? [plain(to, `roller/${ep}/command/pos`, String(pos))]
          : [rpc(to, 'Cover.GoToPosition', { id, pos })];
      }
      if (to.gen1) return [plain(to, `roller/${ep}/command`, action)];
      const methods = { open: 'Cover.Open', close: 'Cover.Close', stop: 'Cover.Stop' };
      return [rpc(to, methods[action], { id })];
    },
  }),
  setpoint: command<{ celsius: number; ep?: string | undefined }>({
    args: z.strictObject({
      celsius: z.number().min(4).max(35),
      ep: z
        .string()
        .regex(/^blutrv:\d{3}$/)
        .optional(),
    }),
    idempotent: true,
    encode(request, context) {
      const to = target(request, context);
      const { celsius, ep = 'blutrv:200' } = request.args;
      if (to.gen1) return [plain(to, 'thermostat/0/command/target_t', String(celsius))];
      const params = {
        id: Number(ep.slice('blutrv:'.length)),
        method: 'TRV.SetTarget',
        params: { id: 0, target_C: celsius },
      };
      return [rpc(to, 'BluTRV.Call', params)];
    },
  }),
};
