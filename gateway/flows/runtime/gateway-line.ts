import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { lineReader } from '../../lib/lines.ts';
import type { AskName, AskResult, AskWish, Hello, Plan, ToRuntime } from '../wire.ts';

/** The conversation with the gateway, as Node-RED's process has it. */
export interface GatewayLine {
  readonly plan: Plan;
  /** Rejects with what the gateway says against it. */
  ask<Name extends AskName>(name: Name, wish: AskWish<Name>): Promise<AskResult<Name>>;
  /** Asks that wait for their answer. */
  owed(): number;
  say(message: object): void;
  /** Hears everything that is no answer. */
  onTold(listener: (told: ToRuntime) => void): void;
}

/** A refusal of the gateway; `code` is one of `docs/errors.md`. */
export class GatewayRefusal extends Error {
  override readonly name = 'GatewayRefusal';
  readonly code: string;

  constructor(code: string, detail: string) {
    super(detail);
    this.code = code;
  }
}

/** What the gateway says may be longer than what it hears: all contexts at once. */
const longestLine = 32 * 1024 * 1024;

/** Connects and says who it is. The process ends with this conversation. */
export async function openGatewayLine(socketPath: string): Promise<GatewayLine> {
  const socket = dialGateway(socketPath, (secret) => ({ is: 'runtime', secret, pid: process.pid }));
  const open = new Map<number, PromiseWithResolvers<unknown>>();
  const listeners: ((told: ToRuntime) => void)[] = [];
  const welcomed = Promise.withResolvers<Plan>();
  let last = 0;
  const say = (message: object): void => void socket.write(`${JSON.stringify(message)}\n`);
  const hear = (told: ToRuntime): void => {
    if (told.is === 'welcome') return welcomed.resolve(told.plan);
    if (told.is === 'answer' || told.is === 'refusal') {
      const asked = open.get(told.id);
      open.delete(told.id);
      if (told.is === 'answer') asked?.resolve(told.value);
      else asked?.reject(new GatewayRefusal(told.code, told.detail));
      return;
    }
    for (const listener of listeners) listener(told);
  };
  const lines = lineReader(longestLine);
  socket.on('data', (chunk: Buffer) => {
    for (const line of lines.push(chunk) ?? []) hear(JSON.parse(line) as ToRuntime);
  });
  socket.on('close', () => process.exit(0));
  return {
    plan: await welcomed.promise,
    say,
    owed: () => open.size,
    onTold: (listener) => void listeners.push(listener),
    ask(name, wish) {
      const id = (last += 1);
      const asked = Promise.withResolvers<unknown>();
      open.set(id, asked);
      say({ is: 'ask', id, ask: name, with: wish });
      return asked.promise as ReturnType<GatewayLine['ask']> as Promise<never>;
    },
  };
}

/** A connection to the gateway with its first line said. */
export function dialGateway(socketPath: string, hello: (secret: string) => Hello): Socket {
  const secret = readFileSync(join(dirname(socketPath), 'secret'), 'utf8').trim();
  const socket = connect(socketPath);
  socket.on('error', () => socket.destroy());
  socket.write(`${JSON.stringify(hello(secret))}\n`);
  return socket;
}

let line: GatewayLine | undefined;

/** For the nodes of the palette, which Node-RED loads by itself. */
export function theGateway(): GatewayLine {
  if (line === undefined) throw new Error('These nodes work in the Node-RED of a gateway only.');
  return line;
}

export function setGateway(opened: GatewayLine): void {
  line = opened;
}
