import type { Logger } from 'pino';
import { sessionCookie } from './access/asking.ts';
import { localTimeOf } from './access/local-time.ts';
import { openAccess, type Access } from './access/open-access.ts';
import { accountRoutes, tokenRoutes } from './api/account-routes.ts';
import { auditRoutes } from './api/audit-routes.ts';
import { claimRoutes } from './api/claim-routes.ts';
import type { Route } from './api/route.ts';
import { sessionRoutes } from './api/session-routes.ts';
import type { Buffer } from './buffer/buffer.ts';
import { adminToken } from './config/identity.ts';
import type { Ownership } from './config/ownership.ts';
import type { Config } from './config/schema.ts';
import type { Clock } from './lib/clock.ts';
import type { Registry } from './registry/open-registry.ts';

interface AccessParts {
  readonly buffer: Buffer;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Who may do what, where the registry says that it is. */
export async function openAccessStage(config: Config, { buffer, registry, clock, log }: AccessParts): Promise<Access> {
  const whereabouts = {
    placesAround: (place: string) => registry.around(place),
    placesOf: (device: string) => {
      const place = registry.find(device)?.place;
      return place === undefined ? [] : registry.around(place);
    },
    areasOf: (name: string) =>
      [...registry.groups()].filter(({ members }) => members.includes(name)).flatMap(({ areas }) => areas),
  };
  const localTime = localTimeOf(config.site.timeZone);
  return openAccess(
    { adminToken: await adminToken(config.dataDir), policies: [] },
    {
      store: buffer,
      whereabouts,
      localTime: () => localTime(clock.wallMs()),
      fromProvider: undefined,
      clock,
      log,
    },
  );
}

/** Logging in, accounts, tokens, the audit log, and how a gateway gets its owner. */
export function accessRoutes(access: Access, ownership: Ownership): Route[] {
  const { accounts, audit } = access;
  const ending = {
    ...accounts,
    async editAccount(edit: Parameters<typeof accounts.editAccount>[0]) {
      const account = await accounts.editAccount(edit);
      await access.endSessions(edit.id);
      return account;
    },
    async setPassword(id: string, password: string | undefined) {
      const made = await accounts.setPassword(id, password);
      await access.endSessions(id);
      return made;
    },
    async removeAccount(id: string) {
      const account = await accounts.removeAccount(id);
      await access.endSessions(id);
      return account;
    },
  };
  return [
    ...claimRoutes({ ...ownership, own: (wish) => access.own(wish) }),
    ...sessionRoutes({
      ...access,
      cookie: (asking, session) => sessionCookie(asking, session?.token),
      ways: { password: true, provider: false },
    }),
    ...accountRoutes(ending),
    ...tokenRoutes(ending),
    ...auditRoutes(audit),
  ];
}
