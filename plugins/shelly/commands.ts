import { z } from 'zod';
import {
  command,
  coverArgs,
  lightArgs,
  localId,
  outbound,
  setpointArgs,
  switchArgs,
  type CodecContext,
  type CommandProof,
  type CommandRequest,
  type Json,
  type LightArgs,
  type Outbound,
} from '../../contracts/index.ts';
import { isGen1, prefixFor, prefixKey } from './prefixes.ts';

const channel = z.string().regex(/^\d{1,3}$/);
const valve = z.string().regex(/^blutrv:\d{3}$/);
/** Answers come back on `<src>/rpc`. */
const src = 'portcullis';
type SwitchArgs = z.infer<ReturnType<typeof switchArgs>>;
type CoverArgs = z.infer<ReturnType<typeof coverArgs>>;
type SetpointArgs = z.infer<ReturnType<typeof setpointArgs>>;

const coverMethods = { open: 'Cover.Open', close: 'Cover.Close', stop: 'Cover.Stop' };

interface Target {
  readonly gen1: boolean;
  readonly base: string;
  /** The key of knowledge that has the base, where it was learnt. */
  readonly learnt?: string | undefined;
}

function target({ device }: CommandRequest, { knowledge }: CodecContext): Target {
  const id = localId(device);
  const gen1 = isGen1(id, knowledge);
  const key = prefixKey(id);
  if (gen1) return { gen1, base: `shellies/${id}` };
  return { gen1, base: prefixFor(id, knowledge), learnt: knowledge.has(key) ? key : undefined };
}

/** One JSON-RPC frame. Its id follows from its content, so that the same wish has the same id. */
function rpc({ base, learnt }: Target, method: string, params: { readonly [key: string]: Json | undefined }): Outbound {
  const body = JSON.stringify(params);
  const frame = `{"id":${checksum(method + body)},"src":"${src}","method":"${method}","params":${body}}`;
  return outbound(`${base}/rpc`, frame, learnt);
}

/** The id of a frame as `rpc` writes it. */
const frameId = /^\{"id":(\d+),/;

/** FNV-1a over UTF-16 code units, 31 bits. */
function checksum(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash & 0x7fffffff;
}

/** Gen2 and later answer each call with its id, one that they will not do with an error; Gen1 shows its state alone. */
function answerTo(frames: readonly Outbound[]): CommandProof | undefined {
  const [id] = frames.flatMap(({ payload }) => frameId.exec(payload)?.[1] ?? []);
  return id === undefined ? undefined : { answer: { meta: ['rpc.id', Number(id)] }, refusal: 'x.shelly.rpc.error' };
}

type Encode<Args> = (request: CommandRequest<Args>, context: CodecContext) => readonly Outbound[];

const setSwitch: Encode<SwitchArgs> = (request, context) => {
  const to = target(request, context);
  const { gen1, base } = to;
  const { on, ep = '0' } = request.args;
  if (gen1) return [outbound(`${base}/relay/${ep}/command`, on ? 'on' : 'off')];
  return [rpc(to, 'Switch.Set', { id: Number(ep), on })];
};

const setLight: Encode<LightArgs> = (request, context) => {
  const to = target(request, context);
  const { gen1, base } = to;
  const { on, brightness, color_temp, ep = '0' } = request.args;
  if (gen1) {
    const wish = { ...(on !== undefined && { turn: on ? 'on' : 'off' }), brightness, temp: color_temp };
    return [outbound(`${base}/light/${ep}/set`, JSON.stringify(wish))];
  }
  const method = color_temp === undefined ? 'Light.Set' : 'CCT.Set';
  return [rpc(to, method, { id: Number(ep), on, brightness, ct: color_temp })];
};

const moveCover: Encode<CoverArgs> = (request, context) => {
  const { args } = request;
  const to = target(request, context);
  const { gen1, base } = to;
  const ep = args.ep ?? '0';
  const id = Number(ep);
  if ('do' in args) {
    return [gen1 ? outbound(`${base}/roller/${ep}/command`, args.do) : rpc(to, coverMethods[args.do], { id })];
  }
  const pos = Math.round(args.position);
  return [
    gen1 ? outbound(`${base}/roller/${ep}/command/pos`, String(pos)) : rpc(to, 'Cover.GoToPosition', { id, pos }),
  ];
};

const setSetpoint: Encode<SetpointArgs> = (request, context) => {
  const to = target(request, context);
  const { gen1, base } = to;
  const { celsius, ep = 'blutrv:200' } = request.args;
  if (gen1) return [outbound(`${base}/thermostat/0/command/target_t`, String(celsius))];
  const id = Number(ep.slice('blutrv:'.length));
  return [rpc(to, 'BluTRV.Call', { id, method: 'TRV.SetTarget', params: { id: 0, target_C: celsius } })];
};

/** Gen1: topics `…/command` and `…/set`. Gen2 and later: `<Component>.<Method>` over `<prefix>/rpc`. */
export const commands = {
  switch: command({
    args: switchArgs(channel),
    idempotent: true,
    encode: setSwitch,
    expects: (request, context) => answerTo(setSwitch(request, context)),
  }),
  light: command({
    args: lightArgs(channel),
    idempotent: true,
    encode: setLight,
    expects: (request, context) => answerTo(setLight(request, context)),
  }),
  cover: command({
    args: coverArgs(channel),
    idempotent: true,
    encode: moveCover,
    expects: (request, context) => answerTo(moveCover(request, context)),
  }),
  setpoint: command({
    args: setpointArgs(valve),
    idempotent: true,
    encode: setSetpoint,
    expects: (request, context) => answerTo(setSetpoint(request, context)),
  }),
};
