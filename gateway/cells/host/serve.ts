import { z } from 'zod';
import type { CellDescription, CellLesson } from '../../../contracts/cell.ts';
import { encodeCommand, filtersUnder, type CodecContext, type Json, type Plugin } from '../../../contracts/plugin.ts';
import type { WireAnswer, WireCall } from '../wire.ts';

export function describePlugin(plugin: Plugin, config: unknown): CellDescription {
  return {
    proto: plugin.proto,
    topics: [...filtersUnder(plugin.topics, config)],
    teaches: [...filtersUnder(plugin.teaches ?? [], config)],
    commands: Object.entries(plugin.commands ?? {}).map(([name, { idempotent, args }]) => ({
      name,
      idempotent,
      args: z.toJSONSchema(args, { unrepresentable: 'any', io: 'input' }),
    })),
  };
}

/** Answers calls to one plugin, whose knowledge it keeps. */
export function servePlugin(plugin: Plugin, config: unknown): (call: WireCall) => WireAnswer {
  const knowledge = new Map<string, Json>();
  const context: CodecContext = { config, knowledge };
  const apply = ({ key, json }: CellLesson): void => {
    if (json === undefined) knowledge.delete(key);
    else knowledge.set(key, JSON.parse(json) as Json);
  };
  const learn = (call: Decode, envelope: Parameters<Plugin['decode']>[0]): readonly CellLesson[] => {
    const lessons = (call.teaches ? plugin.learn?.(envelope, context) : undefined) ?? [];
    const changes = lessons.map(({ key, value }) =>
      value === undefined ? { key } : { key, json: JSON.stringify(value) },
    );
    for (const change of changes) apply(change);
    return changes;
  };
  const decode = (call: Decode): WireAnswer => {
    const envelope = { ...call.envelope, payload: new Uint8Array(Buffer.from(call.envelope.payload, 'base64')) };
    let lessons: readonly CellLesson[];
    try {
      lessons = learn(call, envelope);
    } catch (error) {
      return refused('learn-failed', error);
    }
    try {
      return { is: 'decoded', readings: plugin.decode(envelope, context), lessons };
    } catch (error) {
      if (lessons.length === 0) return refused('decode-failed', error);
      return { is: 'decoded', readings: [], lessons, failed: reasonOf(error) };
    }
  };
  return (call) => {
    if (call.is === 'decode') return decode(call);
    if (call.is === 'encode') return encode(plugin, context, call);
    if (call.is === 'claims') return { is: 'claims', topics: plugin.claims?.(knowledge) ?? [] };
    if (call.full) knowledge.clear();
    for (const change of call.changes) apply(change);
    return { is: 'known' };
  };
}

type Decode = Extract<WireCall, { is: 'decode' }>;
type Encode = Extract<WireCall, { is: 'encode' }>;

function encode(plugin: Plugin, context: CodecContext, { command, device, args }: Encode): WireAnswer {
  const codec = Object.hasOwn(plugin.commands ?? {}, command) ? plugin.commands?.[command] : undefined;
  if (codec === undefined) return refused('COMMAND_INVALID', `The plugin has no command ${command}.`);
  const parsed = codec.args.safeParse(args);
  if (!parsed.success) {
    return refused('COMMAND_INVALID', `The arguments of ${command} are wrong: ${parsed.error.issues[0]?.message}.`);
  }
  try {
    return { is: 'encoded', ...encodeCommand(codec, { device, args: parsed.data }, context) };
  } catch (error) {
    const detail = `The command ${command} cannot be sent to ${device}: ${reasonOf(error)}`;
    return { is: 'refused', code: 'COMMAND_INVALID', detail: detail.slice(0, 256), error: nameOf(error) };
  }
}

function refused(code: string, why: unknown): WireAnswer {
  return { is: 'refused', code, detail: reasonOf(why), error: nameOf(why) };
}

/** What an example of the contract may call an error by: its code, or else its class. */
function nameOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const name = 'code' in error ? error.code : error.name;
  return typeof name === 'string' && /^[\w$.-]{1,64}$/.test(name) ? name : undefined;
}

/** An error's message, bounded. */
export function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 256);
}
