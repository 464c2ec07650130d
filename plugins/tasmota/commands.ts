import { z } from 'zod';
import {
  command,
  coverArgs,
  lightArgs,
  localId,
  outbound,
  switchArgs,
  type CodecContext,
  type CommandProof,
  type CommandRequest,
  type Outbound,
} from '../../contracts/index.ts';
import { targetKey, targetOf, type Target } from './discovery.ts';

const channel = z.string().regex(/^\d{1,2}$/);
const shutterCommands = { open: 'ShutterOpen', close: 'ShutterClose', stop: 'ShutterStop' };

interface Reached extends Target {
  readonly learnt?: string;
}

function target({ device }: CommandRequest, { knowledge }: CodecContext): Reached {
  const id = localId(device);
  const known = targetOf(id, knowledge);
  return known !== undefined
    ? { ...known, learnt: targetKey(id) }
    : { bases: [`cmnd/${id}`, `stat/${id}`], off: 'OFF', on: 'ON' };
}

/** What a device says to a command that it does not know, and to one with a value that it does not take. */
const refusal = 'x.tasmota.Command';

/** The answer to a command comes below `stat`. */
function answer(request: CommandRequest, context: CodecContext): CommandProof {
  const [, stat] = target(request, context).bases;
  return stat === undefined ? { refusal } : { answer: { topic: `${stat}/` }, refusal };
}

function send(to: Reached, name: string, payload: string | number): Outbound {
  return outbound(`${to.bases[0]}/${name}`, String(payload), to.learnt);
}

/** Tasmota's commands (tasmota.github.io/docs/Commands). Toggles are left out: doing them twice undoes them. */
export const commands = {
  switch: command({
    args: switchArgs(channel),
    idempotent: true,
    expects: () => ({ refusal }),
    encode(request, context) {
      const to = target(request, context);
      return [send(to, `POWER${request.args.ep ?? ''}`, request.args.on ? to.on : to.off)];
    },
  }),
  light: command({
    // A device has one light, and its white goes from 153 to 500 mired.
    args: lightArgs(z.never(), z.number().min(2000).max(6535)),
    idempotent: true,
    expects: () => ({ refusal }),
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
  cover: command({
    args: coverArgs(channel),
    idempotent: true,
    // A shutter is longer on its way than a command waits: that it was understood is enough.
    expects: (request, context) => answer(request, context),
    encode(request, context) {
      const { args } = request;
      const to = target(request, context);
      const ep = args.ep ?? '';
      return 'do' in args
        ? [send(to, shutterCommands[args.do] + ep, '')]
        : [send(to, `ShutterPosition${ep}`, Math.round(args.position))];
    },
  }),
  set: command({
    args: z.strictObject({ command: z.string().regex(/^[A-Za-z]{1,32}\d{0,3}$/), payload: z.string().max(1024) }),
    idempotent: false,
    expects: (request, context) => answer(request, context),
    encode: (request, context) => [send(target(request, context), request.args.command, request.args.payload)],
  }),
};
