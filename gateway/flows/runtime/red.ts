import { createRequire } from 'node:module';
import type { Server } from 'node:http';

/** What of Node-RED 5 is used here; it has no types of its own. */
export interface Red {
  init(server: Server, settings: object): void;
  start(): Promise<void>;
  stop(): Promise<void>;
  version(): string;
  readonly httpAdmin: Handler;
  readonly nodes: { loadFlows(forceStart: boolean): Promise<unknown> };
  readonly events: { on(name: string, listener: (event: RuntimeEvent) => void): void };
}
type Handler = (...given: unknown[]) => void;

export interface RuntimeEvent {
  readonly id: string;
  readonly payload?: { readonly error?: string; readonly text?: string; readonly types?: readonly string[] };
}

/** A message of a flow. */
export type FlowMessage = Record<string, unknown> & { _msgid: string };
type Send = (message: object | readonly (object | null)[]) => void;
type Done = (error?: unknown) => void;

/** A node as Node-RED makes it. */
export interface FlowNode {
  readonly id: string;
  readonly name?: string;
  send: Send;
  error(text: string, message?: object): void;
  warn(text: string): void;
  status(shown: { fill?: string; shape?: string; text?: string }): void;
  on(event: 'input', handle: (message: FlowMessage, send: Send, done: Done) => void): void;
  on(event: 'close', handle: (done: Done) => void): void;
}

/** What a node's module is given. */
export interface NodeApi {
  readonly nodes: {
    createNode(node: FlowNode, config: NodeConfig): void;
    registerType(type: string, constructor: (this: FlowNode, config: NodeConfig) => void): void;
  };
  readonly util: {
    evaluateNodeProperty(value: unknown, type: string, node: FlowNode, message: FlowMessage): unknown;
  };
}
export type NodeConfig = Readonly<Record<string, unknown>> & { readonly id: string };

/** Context of flows and nodes in memory, as Node-RED has it. */
export interface MemoryContext {
  open(): Promise<void>;
  close(): Promise<void>;
  get(scope: string, key: unknown, callback?: unknown): unknown;
  set(scope: string, key: unknown, value: unknown, callback?: unknown): void;
  keys(scope: string, callback?: unknown): unknown;
  delete(scope: string): Promise<void>;
  clean(active: readonly string[]): Promise<void>;
  _export(): Record<string, object | undefined>;
}

const load = createRequire(import.meta.url);
const inRed = createRequire(load.resolve('node-red'));

export const loadRed = (): Red => load('node-red') as Red;
export const loadExpress = (): (() => Handler & {
  use(path: string, handler: Handler): void;
  disable(what: string): void;
}) => inRed('express') as ReturnType<typeof loadExpress>;
export const loadMemoryContext = (): ((config: object) => MemoryContext) =>
  inRed('@node-red/runtime/lib/nodes/context/memory') as ReturnType<typeof loadMemoryContext>;
