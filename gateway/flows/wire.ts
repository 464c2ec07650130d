import { z } from 'zod';
import type { CommandStatus } from '../../contracts/command.ts';
import { newCommandSchema } from '../../contracts/command.ts';
import { severities } from '../../contracts/alarm-words.ts';
import type { HistoryAnswer } from '../../contracts/history.ts';
import type { Measurement } from '../../contracts/message.ts';
import { recordClasses } from '../../contracts/message.ts';
import { twinEditSchema } from '../../contracts/twin.ts';
import type { Allowance } from './wire-names.ts';

/**
 * What Node-RED's process and the gateway say to each other: lines of JSON over a Unix socket that the gateway listens
 * on. What comes from Node-RED is input like any other. The first line of a connection is a `Hello`; a connection for a
 * page carries HTTP behind it, with the gateway as the client.
 */
export const limits = {
  /** One line from Node-RED, and so one deploy. */
  lineBytes: 6 * 1024 * 1024,
  flowsChars: 4 * 1024 * 1024,
  /** One flow's or node's context, and one saved library entry. */
  contextChars: 256 * 1024,
  libraryChars: 512 * 1024,
} as const;

export const helloSchema = z.discriminatedUnion('is', [
  z.strictObject({ is: z.literal('runtime'), secret: z.string().max(128), pid: z.int().positive() }),
  z.strictObject({ is: z.literal('page'), secret: z.string().max(128), page: z.int().nonnegative() }),
]);
export type Hello = z.infer<typeof helloSchema>;

/** An id, or the beginning of one with `*` behind it. */
const pattern = z.string().min(1).max(256);
const some = <Value extends z.ZodType>(value: Value) => z.array(value).max(64).default([]);

/** Which stored messages a node wants; an empty list asks for nothing in particular. */
export const filterSchema = z.strictObject({
  devices: some(pattern),
  rooms: some(z.string().min(1).max(128)),
  metrics: some(z.string().min(1).max(256)),
  classes: some(z.enum(recordClasses)),
});
export type DeviceFilter = z.infer<typeof filterSchema>;

const node = z.string().min(1).max(64);
const device = newCommandSchema.shape.device;
const metric = z.string().min(1).max(256);
const scope = z.string().min(1).max(160);
const path = z.string().max(512);
const text = z.string().max(limits.flowsChars);
const documentName = z.enum(['settings', 'sessions']);
const alarmSubject = z.string().min(1).max(256);
const alarmCode = z.string().regex(/^[a-z][a-z0-9-]{0,47}$/, 'is a name of lower-case letters, digits and dashes');

/** What Node-RED asks, each with its arguments. */
export const askShapes = {
  'flows.read': z.strictObject({}),
  'flows.write': z.strictObject({ flows: text, credentials: text.optional(), by: z.string().max(128).optional() }),
  'document.read': z.strictObject({ name: documentName }),
  'document.write': z.strictObject({ name: documentName, text: z.string().max(limits.libraryChars) }),
  'library.list': z.strictObject({ type: node }),
  'library.write': z.strictObject({
    type: node,
    path,
    meta: z.string().max(4_096),
    body: z.string().max(limits.libraryChars),
  }),
  'context.read': z.strictObject({}),
  'context.write': z.strictObject({ scope, text: z.string().max(limits.contextChars) }),
  'context.drop': z.strictObject({ scopes: z.array(scope).max(1_000) }),
  'context.quarantine': z.strictObject({ scope, why: z.string().max(256) }),
  'device.listen': z.strictObject({ node, filter: filterSchema }),
  'device.unlisten': z.strictObject({ node }),
  'command.submit': newCommandSchema.omit({ source: true, ageMs: true }),
  'history.query': z.strictObject({
    device,
    metric,
    from: z.number(),
    to: z.number(),
    limit: z.int().min(1).max(2_000),
  }),
  'twin.get': z.strictObject({ device }),
  'twin.set': twinEditSchema,
  'alarm.raise': z.strictObject({
    code: alarmCode,
    subject: alarmSubject,
    severity: z.enum(severities),
    detail: z.string().trim().min(1).max(1_024),
    /** The flow or node that says so. */
    by: z.string().min(1).max(100),
  }),
  'alarm.clear': z.strictObject({ code: alarmCode, subject: alarmSubject, by: z.string().min(1).max(100) }),
  'alarm.listen': z.strictObject({ node }),
  'alarm.unlisten': z.strictObject({ node }),
} as const;
export type AskName = keyof typeof askShapes;
export type AskInput<Name extends AskName> = z.output<(typeof askShapes)[Name]>;
export type AskWish<Name extends AskName> = z.input<(typeof askShapes)[Name]>;

/** What each is answered with. */
export interface AskResults {
  'flows.read': { readonly flows: string; readonly credentials: string };
  'document.read': { readonly text: string | null };
  'library.list': {
    readonly entries: readonly { readonly path: string; readonly meta: string; readonly body: string }[];
  };
  'context.read': { readonly scopes: readonly { readonly scope: string; readonly text: string }[] };
  'command.submit': CommandStatus;
  'history.query': HistoryAnswer;
  'twin.get': object;
  'twin.set': object;
}
export type AskResult<Name extends AskName> = Name extends keyof AskResults ? AskResults[Name] : null;

const askName = z.enum(Object.keys(askShapes) as [AskName, ...AskName[]]);
export const fromRuntimeSchema = z.discriminatedUnion('is', [
  z.strictObject({ is: z.literal('ask'), id: z.int().positive(), ask: askName, with: z.unknown() }),
  z.strictObject({ is: z.literal('pong') }),
  /** Node-RED has started; its flows follow. */
  z.strictObject({ is: z.literal('joined'), version: z.string().max(64) }),
  /** Whether the flows run, and why not. */
  z.strictObject({ is: z.literal('flows'), running: z.boolean(), detail: z.string().max(1_024) }),
  z.strictObject({
    is: z.literal('log'),
    level: z.enum(['error', 'warn', 'info', 'debug']),
    text: z.string().max(8_192),
  }),
  z.strictObject({ is: z.literal('settled'), turn: z.int() }),
]);
export type FromRuntime = z.infer<typeof fromRuntimeSchema>;

/** What Node-RED is told at its start. */
export interface Plan {
  readonly credentialSecret: string;
  /** Header value prefix by which the gateway proves who is behind a request of the editor. */
  readonly editorSecret: string;
  readonly allow: readonly Allowance[];
  /** Where nodes read and write files, if they may. */
  readonly filesFolder: string;
  readonly timeZone: string;
  /** Of a test of flows, where time moves by `advance` only: wall time in milliseconds at which it begins. */
  readonly testFrom?: number;
}

export type ToRuntime =
  | { readonly is: 'welcome'; readonly plan: Plan }
  | { readonly is: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly is: 'refusal'; readonly id: number; readonly code: string; readonly detail: string }
  | { readonly is: 'measurement'; readonly nodes: readonly string[]; readonly measurement: Measurement }
  | { readonly is: 'alarm'; readonly nodes: readonly string[]; readonly alarm: NonNullable<Measurement['alarm']> }
  | { readonly is: 'ended'; readonly command: CommandStatus }
  | { readonly is: 'ping' }
  | { readonly is: 'dial'; readonly page: number }
  /** Takes the flows from the store again. */
  | { readonly is: 'reload' }
  /** Of a test: lets so much time pass, and says `settled` with the number when nothing is left to do. */
  | { readonly is: 'advance'; readonly turn: number; readonly ms: number }
  | { readonly is: 'stop' };
