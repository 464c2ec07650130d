import { z } from 'zod';
import { command, PortcullisError, type CommandRequest, type Knowledge, type Outbound } from '../../contracts/index.ts';
import { targetOf, type Target } from './discovery.ts';

const channel = z.string().regex(/^\d{1,2}$/);
const percent = z.number().min(0).max(100);

interface Context {
  readonly knowledge: Knowledge;
}

function target({ device }: CommandRequest, { knowledge }: Context): Target {
  const id = device.replace(/^tasmota:/, '');
  const known = targetOf(id, knowledge);
  if (known !== undefined) return known;
  if (id === '' || /[+#\0]/.test(id)) throw new PortcullisError('COMMAND_INVALID', 'This device has no command topic.');
  return { bases: [`cmnd/${id}`], off: 'OFF', on: 'ON' };
}

function send(to: Target, name: string, payload: string | number): Outbound {
  return { topic: `${to.bases[0]}/${name}`, payload: String(payload), qos: 1 };
}

/** Tasmota's commands (tasmota.github.io/docs/Commands). Toggles are left out: doing them twice undoes them. */
export const commands = {
  switch: command<{ on: boolean; ep?: string | undefined }>({
    args: z.strictObject({ on: z.boolean(), ep: channel.optional() }),
    idempotent: true,
    encode(request, context) {
      const to = target(request, context);
      return [send(to, `POWER${request.args.ep ?? ''}`, request.args.on ? to.on : to.off)];
    },
  }),
  light: command<{ on?: boolean | undefined; brightness?: number | undefined; color_temp?: number | undefined }>({
    args: z.strictObject({
      on: z.boolean().optional(),
      /** Percent. */
      brightness: percent.optional(),
      /** Kelvin; Tasmota takes 153 to 500 mired. */
      color_temp: z.number().min(2000).max(6535).optional(),
    }),
    idempotent: true,
    encode(request, context) {
      const to = target(request, context);
      const { on, brightness, color_temp } = request.args;
      return [
        ...(brightness === undefined ? [] : [send(to, 'Dimmer', Math.round(brightness))]),
        ...(color_temp === undefined ? [] : [send(to, 'CT', Math.round(1e6 / color_temp))]),
        ...(on === undefined ? [] : [send(to, 'POWER', on ? to.on : to.off)]),
      ];
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
        ep: channel.optional(),
      })
      .refine((args) => (args.position === undefined) !== (args.do === undefined), 'either position or do'),
    idempotent: true,
    encode(request, context) {
      const to = target(request, context);
      const { position, do: action, ep = '' } = request.args;
      if (action === undefined) return [send(to, `ShutterPosition${ep}`, Math.round(position ?? 0))];
      const names = { open: 'ShutterOpen', close: 'ShutterClose', stop: 'ShutterStop' };
      return [send(to, names[action] + ep, '')];
    },
  }),
  set: command<{ command: string; payload: string }>({
    args: z.strictObject({ command: z.string().regex(/^[A-Za-z]{1,32}\d{0,3}$/), payload: z.string().max(1024) }),
    idempotent: false,
    encode: (request, context) => [send(target(request, context), request.args.command, request.args.payload)],
  }),
};
