import type { WaitingDevice } from '../../../contracts/device-window.ts';
import type { Logger } from 'pino';
import { PortcullisError } from '../../../contracts/errors.ts';
import type { Credentials } from './credentials.ts';
import type { DeviceWindow } from './device-window.ts';

/** The window for new devices as a person works it. */
export interface WindowDesk {
  /** Opens it for five minutes from now, also when it is open. */
  open(): void;
  close(): void;
  show(): { readonly closesInMs: number | undefined; readonly waiting: readonly WaitingDevice[] };
  /** Its next try gets in, with the name and password that it has. Rejects with NOT_FOUND when it waits no more. */
  letIn(id: string, profile: string): Promise<{ readonly user: string }>;
}

export function windowDesk(window: DeviceWindow, credentials: Credentials, log: Logger): WindowDesk {
  return {
    open() {
      window.open();
      log.info('the window for new devices is open for five minutes');
    },
    close: () => window.close(),
    show: () => ({ closesInMs: window.closesInMs(), waiting: window.waiting() }),
    async letIn(id, profile) {
      const knock = window.find(id);
      if (knock === undefined) {
        const why = 'It waits no more: the window closed. Open it again; the device comes by itself.';
        throw new PortcullisError('NOT_FOUND', why);
      }
      const { user, clientId, password } = knock;
      await credentials.add({ user, profile, clientIds: [clientId], password });
      window.settle(user);
      return { user };
    },
  };
}
