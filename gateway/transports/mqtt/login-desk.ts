import type { ClientRegistry } from './client-registry.ts';
import type { Credentials, DeviceSummary, IssuedCredential, NewDevice, TakenUser } from './credentials.ts';
import type { SessionStore } from './session-store.ts';

/** The logins of devices as the rest of the gateway works them: who loses one loses its connection at once. */
export interface LoginDesk {
  addCredential(device: NewDevice): Promise<IssuedCredential>;
  /** Takes over users of another broker; says the passwords that had to be made. */
  takeOver(users: readonly TakenUser[]): Promise<IssuedCredential[]>;
  /** Issues a second valid credential. Of two the older one ends, and its connections with it. */
  rotate(user: string, password?: string): Promise<IssuedCredential>;
  /** Ends one credential of a user, or the user with all of them and its sessions. */
  revoke(user: string, credentialId?: string): Promise<void>;
  /** Revokes a user for good: what its clients had retained goes too. */
  remove(user: string): Promise<void>;
  hasUser(user: string): boolean;
  /** Whether a profile, or the one that a user has, opens topics of other devices. Throws NOT_FOUND for what there is not. */
  isWide(of: { readonly profile: string } | { readonly user: string }): boolean;
  /** Filters of the topics that a user may publish with a client id; none for a user that is gone. */
  publishesOf(user: string, clientId: string): readonly string[];
  listDevices(): DeviceSummary[];
}

export function loginDesk(credentials: Credentials, clients: ClientRegistry, sessions: SessionStore): LoginDesk {
  const revoke = async (user: string, credentialId?: string): Promise<void> => {
    const clientIds = credentials.clientIdsOf(user);
    await credentials.revoke(user, credentialId);
    clients.cutOff((one) => one.user === user && (credentialId === undefined || one.credentialId === credentialId));
    if (credentialId === undefined) for (const clientId of clientIds) await sessions.end(clientId);
  };
  return {
    addCredential: (device) => credentials.add(device),
    takeOver: (users) => credentials.takeOver(users),
    async rotate(user, password) {
      const { ended, ...issued } = await credentials.rotate(user, password);
      clients.cutOff((identity) => ended.includes(identity.credentialId));
      return issued;
    },
    revoke,
    async remove(user) {
      const clientIds = credentials.clientIdsOf(user);
      await revoke(user);
      for (const clientId of clientIds) await sessions.forgetRetained(clientId);
    },
    hasUser: (user) => credentials.has(user),
    isWide: (of) => credentials.isWide(of),
    publishesOf(user, clientId) {
      const rights = credentials.rightsOf(clientId);
      return rights?.user === user ? rights.publishes : [];
    },
    listDevices: () => credentials.list(),
  };
}
