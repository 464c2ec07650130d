import { z } from 'zod';
import type { WaitingDevice } from '../../contracts/device-window.ts';
import { mqttUser } from '../../contracts/registry.ts';
import { route, type Route } from './route.ts';

/** What the API asks of the broker's window for new devices. */
export interface WindowModel {
  /** Opens it for five minutes from now, also when it is open. */
  open(): void;
  close(): void;
  show(): { readonly closesInMs: number | undefined; readonly waiting: readonly WaitingDevice[] };
  /** Gives somebody who waits a login with the name and password that it has. Rejects with NOT_FOUND when nobody of this id waits any more. */
  letIn(id: string, profile: string): Promise<{ readonly user: string }>;
}

const path = '/api/v1/device-window';
const shown = z.object({
  open: z.boolean(),
  /** Milliseconds. */
  closesInMs: z.number().nullable(),
  waiting: z.array(
    z.object({
      id: z.string(),
      user: z.string(),
      clientId: z.string(),
      address: z.string(),
      /** What kind of device it seems to be. */
      profile: z.string().nullable(),
      at: z.number(),
    }),
  ),
});

/** New devices that ask to be let in, while a person has opened the window for them. */
export function deviceWindowRoutes(model: WindowModel): Route[] {
  const show = (): z.infer<typeof shown> => {
    const { closesInMs, waiting } = model.show();
    return {
      open: closesInMs !== undefined,
      closesInMs: closesInMs ?? null,
      waiting: [...waiting],
    };
  };
  return [
    route({
      method: 'GET',
      path,
      summary: 'Whether the window for new devices is open, and who waits at it.',
      needs: 'credential.manage',
      input: z.object({}),
      result: shown,
      handle: async () => show(),
    }),
    route({
      method: 'POST',
      path,
      summary:
        'Opens the window for five minutes: unknown devices that try to connect with a name and a password are shown, and wait to be let in. It closes by itself.',
      needs: 'credential.manage',
      input: z.strictObject({}),
      result: shown,
      handle: async () => {
        model.open();
        return show();
      },
    }),
    route({
      method: 'DELETE',
      path,
      summary: 'Closes the window; who waited at it is forgotten.',
      needs: 'credential.manage',
      input: z.strictObject({}),
      result: shown,
      handle: async () => {
        model.close();
        return show();
      },
    }),
    route({
      method: 'POST',
      path: `${path}/:id/admit`,
      summary:
        'Lets somebody in who waits: the name and password with which it tried become its login, with the rights of a profile.',
      needs: 'credential.manage',
      input: z.strictObject({ id: z.string().min(1).max(64), profile: z.string().min(1).max(64) }),
      result: z.object({ user: mqttUser }),
      handle: ({ id, profile }) => model.letIn(id, profile),
    }),
  ];
}
