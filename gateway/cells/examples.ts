import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Json } from '../../contracts/plugin.ts';
import { matchesFilter } from '../lib/topic-filter.ts';
import type { CallResult } from './cell-process.ts';
import type { WireCall, WireEnvelope } from './wire.ts';

/** An example as a contract writes it: a call, what the device said before, and what must come of it. */
export interface Example {
  readonly call: string;
  readonly args?: readonly unknown[] | undefined;
  readonly given?: unknown;
  readonly expect?: unknown;
  /** Code or class name of the error, or the code of the refusal. */
  readonly throws?: string | undefined;
}

/** What the simulated device says before, and the call that the example is about. */
export interface Play {
  readonly before: readonly WireCall[];
  readonly call: WireCall;
}

/** A message of the simulated device; a payload that is no text is sent as JSON. */
const message = z.strictObject({
  topic: z.string().min(1).max(1_024),
  payload: z.json(),
  retain: z.boolean().default(false),
  client: z.string().max(256).default('simulated'),
  receivedAt: z.number().default(Date.UTC(2026, 0, 1)),
});
const decodeArgs = z.tuple([message]);
const encodeArgs = z.tuple([z.string(), z.string(), z.json()]);
const given = z.array(message).max(256).default([]);

/**
 * `decode` takes one message, `encode` a command's name, the device and its arguments; for both `given` lists the
 * messages that the simulated device sent before. A text says why an example cannot be played.
 */
export function playOf(example: Example, teaches: readonly string[]): Play | string {
  const said = given.safeParse(example.given);
  if (!said.success) return `given is no list of messages: ${issueOf(said.error)}`;
  const decode = (one: z.output<typeof message>): WireCall => callOf(one, teaches);
  const before = said.data.map(decode);
  if (example.call === 'decode') {
    const args = decodeArgs.safeParse(example.args);
    return args.success ? { before, call: decode(args.data[0]) } : `args are not one message: ${issueOf(args.error)}`;
  }
  if (example.call !== 'encode') return 'only decode and encode have a simulated device';
  const args = encodeArgs.safeParse(example.args);
  if (!args.success) return `args are not command, device and arguments: ${issueOf(args.error)}`;
  const [command, device, wanted] = args.data;
  return { before, call: { is: 'encode', command, device, args: wanted } };
}

/** A message of the simulated device as the call that it becomes. */
export function decodeCall(said: z.input<typeof message>, teaches: readonly string[]): WireCall {
  return callOf(message.parse(said), teaches);
}

function callOf(said: z.output<typeof message>, teaches: readonly string[]): WireCall {
  const isLesson = teaches.some((filter) => matchesFilter(filter, said.topic));
  return { is: 'decode', envelope: envelopeOf(said), teaches: isLesson };
}

function envelopeOf({ payload, ...head }: z.output<typeof message>): WireEnvelope {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  return { transport: 'mqtt', ...head, payload: Buffer.from(text).toString('base64') };
}

function issueOf({ issues: [issue] }: z.ZodError): string {
  return `${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim();
}

/** How what came differs from what the contract expects; undefined when it does not. */
export function differenceOf({ expect, throws }: Example, came: CallResult): string | undefined {
  if (throws !== undefined) {
    const names = namesOfError(came);
    if (names.includes(throws)) return undefined;
    const instead = names.length === 0 ? shown(resultOf(came)) : names.join(', ');
    return `expected the error ${throws}, got ${instead}`;
  }
  const result = resultOf(came);
  if (result === undefined) return `expected ${shown(expect)}, got the error ${namesOfError(came).join(', ')}`;
  return expect === undefined ? undefined : firstDifference(expect, result, '');
}

/** What the call gave, as plain JSON; undefined when it failed. */
function resultOf(came: CallResult): Json | undefined {
  if (came.is === 'decoded' && came.failed === undefined) return plain(came.readings);
  return came.is === 'encoded' ? plain(came.outbound) : undefined;
}

function plain(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

/** Every name that an example may call the failure by. */
function namesOfError(came: CallResult): readonly string[] {
  if (came.is === 'refused') return came.error === undefined ? [came.code] : [came.error, came.code];
  if (came.is === 'decoded') return came.failed === undefined ? [] : ['decode-failed'];
  return resultOf(came) === undefined ? [came.is] : [];
}

/** The first place where two values differ, with both of them. */
function firstDifference(expected: unknown, came: unknown, path: string): string | undefined {
  if (isDeepStrictEqual(expected, came)) return undefined;
  if (isBranch(expected) && isBranch(came) && Array.isArray(expected) === Array.isArray(came)) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(came)])) {
      const deeper = firstDifference(own(expected, key), own(came, key), path === '' ? key : `${path}.${key}`);
      if (deeper !== undefined) return deeper;
    }
  }
  return `${path === '' ? '' : `at ${shown(path)} `}expected ${shown(expected)}, got ${shown(came)}`;
}

function isBranch(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function own(value: object, key: string): unknown {
  return Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

/** Half of it is the plugin's own text: bounded, and without anything that could rewrite a terminal. */
function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
  const clean = text.replaceAll(/[^\x20-\x7e°µ]/g, '?');
  return clean.length > 120 ? `${clean.slice(0, 119)}…` : clean;
}
