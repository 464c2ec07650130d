import type { Logger } from 'pino';
import { journeyCookie, journeyOf, sessionCookie } from './access/asking.ts';
import { Journeys } from './access/journeys.ts';
import { isSet, localTimeOf } from './access/local-time.ts';
import { openAccess, type Access } from './access/open-access.ts';
import type { Provider } from './access/provider.ts';
import { accountRoutes, tokenRoutes } from './api/account-routes.ts';
import { auditRoutes } from './api/audit-routes.ts';
import { claimRoutes } from './api/claim-routes.ts';
import { providerRoutes, type ProviderModel } from './api/provider-routes.ts';
import type { Route } from './api/route.ts';
import { sessionRoutes } from './api/session-routes.ts';
import type { Buffer } from './buffer/buffer.ts';
import { policyOf } from './config/access-schema.ts';
import { adminToken } from './config/identity.ts';
import type { Ownership } from './config/ownership.ts';
import { readConfigured } from './config/read-text.ts';
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
export async function openAccessStage(
  config: Config,
  { buffer, registry, clock, log }: AccessParts,
  provider: Provider | undefined,
): Promise<Access> {
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
    { adminToken: await adminToken(config.dataDir), policies: config.access.policies.map(policyOf) },
    {
      store: buffer,
      whereabouts,
      localTime: () => localTime(clock.wallMs()),
      fromProvider: provider && ((jwt) => provider.fromToken(jwt)),
      clock,
      log,
    },
  );
}

/** The identity provider of the configuration; its client is loaded only where there is one. */
export async function openIdentityProvider({ access }: Config, clock: Clock): Promise<Provider | undefined> {
  const { provider } = access;
  if (provider === undefined) return undefined;
  const { clientSecretFile: file, roles: roleMap, ...options } = provider;
  const clientSecret = file === undefined ? undefined : await readConfigured(file, 'access.provider.clientSecretFile');
  const { openProvider } = await import('./access/provider.ts');
  const { audience = options.clientId } = options;
  return openProvider({ ...options, audience, clientSecret, roleMap }, () => isSet(clock.wallMs()));
}

/** A login at the provider, from the browser that began it. */
function comingFrom(provider: Provider, access: Access, clock: Clock): ProviderModel {
  const journeys = new Journeys();
  return {
    async begin(asking) {
      const { url, journey } = await provider.begin();
      journeys.add(journey, clock.monoMs());
      return { url, cookie: journeyCookie(asking, journey.state) };
    },
    async finish(asking, query) {
      const state = new URLSearchParams(query).get('state') ?? '';
      const journey = journeys.take(state, journeyOf(asking) ?? '', clock.monoMs());
      return access.admit(asking, await provider.finish(query, journey));
    },
    cookie: (asking, { token }) => sessionCookie(asking, token),
  };
}

/** Logging in, accounts, tokens, the audit log, and how a gateway gets its owner. */
export function accessRoutes(
  access: Access,
  ownership: Ownership,
  provider: Provider | undefined,
  clock: Clock,
): Route[] {
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
      ways: { password: true, provider: provider !== undefined },
    }),
    ...accountRoutes(ending),
    ...tokenRoutes(ending),
    ...auditRoutes(audit),
    ...(provider === undefined ? [] : providerRoutes(comingFrom(provider, access, clock))),
  ];
}
