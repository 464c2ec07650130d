import { z } from 'zod';
import { mqttUser } from '../../contracts/registry.ts';
import { route, type Route } from './route.ts';

/** What the API asks of the broker's book of credentials. */
export interface CredentialBook {
  listDevices(): readonly { readonly user: string; readonly profile: string; readonly clientIds: readonly string[] }[];
  addCredential(device: { user: string; profile: string; password?: string }): Promise<Issued>;
  /** The password before stays valid until the next rotation. */
  rotate(user: string): Promise<Issued>;
  /** Ends every credential of the device and closes its connections. */
  revoke(user: string): Promise<void>;
}

interface Issued {
  readonly user: string;
  readonly password: string;
}

const issued = z.object({ user: z.string(), password: z.string() });
const shown = ({ user, password }: Issued): Issued => ({ user, password });

/** Who may connect to the broker. A password is in an answer once, when it is made. */
export function credentialRoutes(book: CredentialBook): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/credentials',
      summary: 'The devices that may connect, with their profiles.',
      needs: 'credential.manage',
      input: z.object({}),
      result: z.object({ credentials: z.array(z.object({ user: z.string(), profile: z.string() })) }),
      handle: async () => ({ credentials: book.listDevices().map(({ user, profile }) => ({ user, profile })) }),
    }),
    route({
      method: 'POST',
      path: '/api/v1/credentials',
      summary: 'Lets a device connect. Without a password one is made.',
      needs: 'credential.manage',
      input: z.strictObject({
        user: mqttUser,
        profile: z.string().max(64),
        password: z.string().min(8).max(128).optional(),
      }),
      result: issued,
      handle: async ({ password, ...device }) =>
        shown(await book.addCredential({ ...device, ...(password !== undefined && { password }) })),
    }),
    route({
      method: 'POST',
      path: '/api/v1/credentials/:user/rotate',
      summary: 'Makes a second password; the one before stays valid until the next rotation.',
      needs: 'credential.manage',
      input: z.strictObject({ user: mqttUser }),
      result: issued,
      handle: async ({ user }) => shown(await book.rotate(user)),
    }),
    route({
      method: 'DELETE',
      path: '/api/v1/credentials/:user',
      summary: 'Ends the device’s credentials and closes its connections.',
      needs: 'credential.manage',
      input: z.strictObject({ user: mqttUser }),
      result: z.object({ revoked: z.string() }),
      handle: async ({ user }) => {
        await book.revoke(user);
        return { revoked: user };
      },
    }),
  ];
}
