import { Agent } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { PortcullisError } from '../../contracts/errors.ts';

/**
 * Connections on which the gateway asks Node-RED for pages of its editor. Node-RED listens nowhere: it dials when it is
 * asked to, and so nobody but the gateway can reach its editor.
 */
export interface PageDialer extends Disposable {
  readonly agent: Agent;
  /** A connection of its own, for a WebSocket. Rejects with GATEWAY_UNREACHABLE while no Node-RED is there. */
  dial(): Promise<Socket>;
  /** A Node-RED is there; `ask` makes it dial. */
  open(ask: (page: number) => void): void;
  close(): void;
  take(page: number, socket: Socket): void;
}

const dialMs = 10_000;
const maxPages = 32;

export function openPageDialer(): PageDialer {
  const waiting = new Map<number, PromiseWithResolvers<Socket>>();
  let ask: ((page: number) => void) | undefined;
  let last = 0;

  const dial = async (): Promise<Socket> => {
    if (ask === undefined) throw away();
    if (waiting.size >= maxPages)
      throw new PortcullisError('OVERLOADED', 'Too many pages of the editor are asked for.');
    const page = (last += 1);
    const promised = Promise.withResolvers<Socket>();
    waiting.set(page, promised);
    const timer = setTimeout(() => promised.reject(away()), dialMs);
    ask(page);
    try {
      return await promised.promise;
    } finally {
      clearTimeout(timer);
      waiting.delete(page);
    }
  };
  const agent = new Agent({ keepAlive: true, maxSockets: maxPages, timeout: 60_000 });
  agent.createConnection = (_options, done) => {
    const connect = async (): Promise<void> => {
      try {
        done?.(null, await dial());
      } catch (error) {
        done?.(error as Error, undefined as unknown as Duplex);
      }
    };
    void connect();
    return undefined;
  };
  const close = (): void => {
    ask = undefined;
    for (const { reject } of waiting.values()) reject(away());
    agent.destroy();
  };
  return {
    agent,
    dial,
    open(next) {
      ask = next;
    },
    close,
    take(page, socket) {
      const promised = waiting.get(page);
      if (promised === undefined) {
        socket.destroy();
        return;
      }
      // Nothing comes before it is asked, and the client of a request does not let a paused socket flow.
      socket.resume();
      promised.resolve(socket);
    },
    [Symbol.dispose]: close,
  };
}

function away(): PortcullisError {
  return new PortcullisError('GATEWAY_UNREACHABLE', 'Node-RED does not run now. "portcullis flows status" says why.');
}
