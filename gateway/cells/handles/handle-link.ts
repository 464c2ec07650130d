import type { Logger } from 'pino';
import type { Clock } from '../../lib/clock.ts';
import type { ToCell } from '../wire.ts';
import type { HandleAsk } from './ask.ts';
import { openHandles, type HandlePorts, type HandleSession, type PlannedHandles } from './handle-broker.ts';
import { handleLimits as limits } from './handle-limits.ts';
import { refused, type HandleCode } from './told.ts';

interface Ends {
  readonly log: Logger;
  readonly clock: Clock;
  readonly send: (message: ToCell) => void;
  /** What the process has not read yet. */
  readonly unsentBytes: () => number;
  /** The longest message that the process may send. */
  readonly messageBytes: number;
  /** It asks and does not read. */
  readonly onDeaf: () => void;
  /** An ask was refused with this code. */
  readonly onRefused: (code: HandleCode) => void;
}

interface Owner {
  readonly name: string;
  readonly proto: string;
  readonly handles: PlannedHandles;
}

/** The broker of handles at one end, one process of a plugin at the other. Disposing revokes without a word to it. */
export interface HandleLink extends AsyncDisposable {
  begin(owner: Owner, ports: HandlePorts): void;
  halt(): Promise<void>;
  /** An ask that has passed the border; one before `begin` or after `halt` is refused. */
  take(asked: { readonly id: number; readonly ask: HandleAsk }): void;
}

const noHandles = refused('PC-R210', 'there are no handles');

export function startHandleLink({ log, clock, send, unsentBytes, onDeaf, onRefused, messageBytes }: Ends): HandleLink {
  let session: HandleSession | undefined;
  const revoke = async (): Promise<void> => {
    const ending = session;
    session = undefined;
    await ending?.[Symbol.asyncDispose]();
  };
  return {
    begin(owner, ports) {
      if (session !== undefined) return;
      session = openHandles(owner, ports, {
        log,
        clock,
        hear: (stream, heard) => {
          // That a device is gone is said in any case: it comes once per device.
          if (unsentBytes() > limits.unheardBytes && !('closed' in heard)) return false;
          send({ is: 'heard', stream, heard });
          return true;
        },
      });
      send({ is: 'begin', variables: owner.handles.variables, messageBytes });
    },
    async halt() {
      if (session === undefined) return;
      send({ is: 'halt' });
      await revoke();
    },
    take({ id, ask }) {
      if (unsentBytes() > limits.unreadBytes) return onDeaf();
      const asked = session === undefined ? Promise.resolve(noHandles) : session.ask(ask);
      void asked.then((told) => {
        send({ is: 'told', id, told });
        if (told.is === 'refused') onRefused(told.code);
      });
    },
    [Symbol.asyncDispose]: revoke,
  };
}
