import type { z } from 'zod';
import type { CommandProof, EncodedCommand } from './command-proof.ts';
import type { CounterKind, Kind, Quality, Scalar } from './message.ts';
import type { Handles, StartContext } from './plugin-handles.ts';

/** A raw inbound message as a transport received it. `receivedAt` is gateway wall time in milliseconds. */
export interface Envelope {
  readonly transport: 'mqtt' | 'serial' | 'gpio' | 'api' | 'plugin';
  /** Who sent it: MQTT client id, serial port identity, GPIO line name, name of the plugin that fetched it. */
  readonly client: string;
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly retain: boolean;
  readonly receivedAt: number;
  /** The plugin that the sender's device profile names; without it the topic decides. */
  readonly plugin?: string | undefined;
  /** The login of the sender; absent where it came without one. */
  readonly user?: string | undefined;
  /** Filters of the topics that this login may publish; for the gateway itself, codecs do not get it. */
  readonly publishes?: readonly string[] | undefined;
}

/** Anything that JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** One value as the codec read it: source value in the source's unit spelling. The gateway converts. */
export interface ReadingMetric {
  /** Canonical word (`temperature`, `power.active`, …), or `x.<proto>.<key>` when there is none. */
  readonly n: string;
  /** Path of the leaf in the payload; names the metric when its unit turns out to be unknown. */
  readonly key: string;
  /** Absent together with `q`. A sentinel keeps what was sent in `raw`. */
  readonly value?: number | boolean | string;
  readonly q?: Quality;
  readonly raw?: Scalar;
  /** Unit as the source spells it, or undefined when the source has none. */
  readonly unit?: string;
  readonly counter?: CounterKind;
  /** Start of the counter's series in milliseconds, where the source tells. */
  readonly seriesStart?: number;
  readonly ep?: string;
}

/** Source time: milliseconds since 1970 UTC, or a wall time without zone, read as if it were UTC. */
export type SourceTime = { readonly utcMs: number } | { readonly localMs: number };

/** What one payload says about one device. */
export interface Reading {
  /** Immutable local id with its protocol as prefix, for example `z2m:0x00158d00aa11bb22`. */
  readonly device: string;
  readonly kind: Kind;
  readonly ep?: string;
  readonly at?: SourceTime;
  readonly metrics: readonly ReadingMetric[];
  /** Leaves that describe the device rather than measure: firmware, address, model. */
  readonly meta?: Readonly<Record<string, Scalar>>;
}

/**
 * Key of the `meta` of a registration: the id under which the device's readings were booked before it told who it is.
 * The registry makes one device of the two when the message also taught the plugin something.
 */
export const formerlyKey = 'formerly';

/** What a plugin learnt from earlier messages (units, discovery), keyed by the plugin's own keys. */
export type Knowledge = ReadonlyMap<string, Json>;

/**
 * One change of knowledge; `value` undefined forgets the key. A key belongs to the login that taught it first: a message
 * of another one that would change it is refused as a whole. A lesson that changes nothing asks for that, too.
 */
export interface Lesson {
  readonly key: string;
  readonly value: Json | undefined;
  /** The sender's rights show that the key is its own: whoever was first gives way. */
  readonly proven?: boolean;
  /** What the lesson is about is a topic that the message named: a login teaches that of topics only that it may publish itself. */
  readonly topic?: string;
}

/** What the gateway hands to every call of a codec: the parsed configuration, and what the plugin learnt so far. */
export interface CodecContext<Config = unknown> {
  readonly config: Config;
  readonly knowledge: Knowledge;
}

/** A wish to a device: `name` is one of the plugin's commands, `args` passed that command's schema. */
export interface CommandRequest<Args = unknown> {
  readonly device: string;
  readonly args: Args;
}

/** One message back to a device. It is never retained: a retained command would act again after a restart. */
export interface Outbound {
  readonly topic: string;
  readonly payload: string;
  readonly qos: 0 | 1;
  /** The key of knowledge that names the topic, where a message taught it: only what its sender may hear goes out. */
  readonly learnt?: string | undefined;
}

/** An outbound message with the login that taught its topic: empty where that had none, absent where nobody taught it. */
export interface Outgoing extends Outbound {
  readonly taughtBy?: string | undefined;
}

/** How one command becomes messages. `encode` throws COMMAND_INVALID for what this device cannot do. */
export interface CommandCodec<Args = unknown, Config = unknown> {
  readonly args: z.ZodType<Args>;
  /** True when doing it twice equals doing it once; only then is it ever retried. */
  readonly idempotent: boolean;
  encode(command: CommandRequest<Args>, context: CodecContext<Config>): readonly Outbound[];
  /**
   * What shows that it was done. Without it, or without `state` in it, the arguments of `switch`, `light`, `cover` and
   * `setpoint` say which values the device must show; what has neither state nor answer is proved by any state or event.
   */
  expects?(command: CommandRequest<Args>, context: CodecContext<Config>): CommandProof | undefined;
}

/** A command in the device's own words. Throws what the codec throws. */
export function encodeCommand(
  codec: CommandCodec<never>,
  request: CommandRequest,
  context: CodecContext,
): EncodedCommand<Outbound> {
  const known = request as CommandRequest<never>;
  const outbound = codec.encode(known, context);
  const proof = codec.expects?.(known, context);
  return { outbound, ...(proof !== undefined && { proof }) };
}

/**
 * One question to a station on a serial line that the gateway asks again and again. The answer, a whole frame, comes to
 * `decode` as an envelope of `topic`; what the gateway finds out about the station, the words `online` and `offline`,
 * comes as `<station>/availability`. Plain data, so that it crosses between threads and processes.
 */
export interface SerialPoll {
  /** A port of `serial.ports` whose protocol is `modbus-rtu`. */
  readonly port: string;
  /** Topic of the station, `serial/<port>/<number>`. */
  readonly station: string;
  readonly topic: string;
  /** The whole frame, in hexadecimal. */
  readonly request: string;
  readonly everyMs: number;
  readonly timeoutMs: number;
}

/** Topic filters as they are, or as the plugin's configuration makes them. */
export type Filters<Config> = readonly string[] | ((config: Config) => readonly string[]);

/** The topic filters under one configuration. */
export function filtersUnder<Config>(filters: Filters<Config>, config: Config): readonly string[] {
  return typeof filters === 'function' ? filters(config) : filters;
}

/**
 * A plugin is data and pure functions. The gateway owns sockets, logging, retry, threads and configuration. Only a
 * plugin that must fetch what its devices do not send has a `start`, and what it does there goes through handles.
 *
 * Promises of the gateway: `learn` and `decode` see one plugin's envelopes in the order of arrival per topic;
 * what `learn` returned is in `knowledge` for every later envelope. Promises of the plugin: both are pure, do not
 * change their input, and finish within the call deadline. A throw dead-letters that envelope with the error's message.
 */
export interface Plugin<Config = unknown> {
  readonly name: string;
  readonly apiVersion: 1;
  /** Protocol word used in device ids, `src.proto` and `x.` names. */
  readonly proto: string;
  /** MQTT topic filters whose messages come here. */
  readonly topics: Filters<Config>;
  /** Filters, a subset of `topics`, whose messages also go through `learn`. */
  readonly teaches?: Filters<Config>;
  readonly config: z.ZodType<Config>;
  learn?(envelope: Envelope, context: CodecContext<Config>): readonly Lesson[];
  /** No reading means: understood, and nothing to store (counted as filtered). */
  decode(envelope: Envelope, context: CodecContext<Config>): readonly Reading[];
  /** Topics outside `topics` that the plugin's knowledge lays claim to, for example discovered state topics. */
  claims?(knowledge: Knowledge): readonly string[];
  readonly commands?: Readonly<Record<string, CommandCodec<never, Config>>>;
  /** What the gateway asks over its serial lines under one configuration. */
  polls?(config: Config): readonly SerialPoll[];
  /**
   * Called once in each process of the plugin, after the whole gateway is up, when its contract grants something. May
   * run until `context.signal` is aborted, or return and leave timers and subscriptions behind. A throw ends the
   * process; it starts again with backoff, until its restarts are used up.
   */
  start?(handles: Handles, context: StartContext<Config>): void | Promise<void>;
}

/** Gives a plugin its types: `config` flows from the schema into `decode`. */
export function definePlugin<Config>(plugin: Plugin<Config>): Plugin<Config> {
  return plugin;
}

/** Gives a command its types: `args` flow from the schema into `encode`. */
export function command<Args, Config = unknown>(codec: CommandCodec<Args, Config>): CommandCodec<never, Config> {
  return codec as unknown as CommandCodec<never, Config>;
}
