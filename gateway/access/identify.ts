import { timingSafeEqual } from 'node:crypto';
import type { Actor, Asking, Caller, Role } from '../../contracts/actor.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Clock } from '../lib/clock.ts';
import type { AccountBook } from './accounts.ts';
import { bearerOf, header, isFromAnotherSite, isFromThisMachine, sessionOf } from './asking.ts';
import { hashOf } from './book.ts';
import { isSet } from './local-time.ts';
import { csrfOf, type Holder, type Sessions } from './sessions.ts';
import { tokenPrefix, type TokenBook } from './tokens.ts';

export const anonymous: Actor = { kind: 'anonymous', id: 'anonymous', name: 'anonymous', role: 'none', areas: [] };
const local: Actor = { kind: 'local', id: 'local', name: 'this machine', role: 'viewer', areas: 'all' };
const administrator: Actor = {
  kind: 'token',
  id: 'admin-token',
  name: 'administrator token',
  role: 'administrator',
  areas: 'all',
};

export interface IdentifyParts {
  readonly adminToken: string;
  readonly accounts: AccountBook & TokenBook;
  readonly sessions: Sessions;
  readonly clock: Clock;
  /** Ids of the areas that the groups of somebody are responsible for. */
  areasOf(name: string): readonly string[];
  /** Who a signed token of the identity provider speaks for; undefined without a provider. */
  readonly fromProvider: ((jwt: string) => Promise<Actor>) | undefined;
}

/** Says who asks: by the administrator token, a token of a program, one of the identity provider, the cookie of a session, or by being on this machine. */
export function openIdentify(parts: IdentifyParts): (asking: Asking) => Promise<Caller> {
  const { accounts, sessions, clock, fromProvider } = parts;
  const adminHash = hashOf(parts.adminToken);

  const areasFor = (name: string, role: Role, areas: readonly string[] | null): Actor['areas'] => {
    if (areas === null && role !== 'resident') return 'all';
    return [...(areas ?? []), ...parts.areasOf(name)];
  };
  const byToken = (secret: string): Actor => {
    const token = accounts.tokenOf(secret);
    if (token === undefined) throw unknown();
    const { id, name, role, expiresAt, areas } = token;
    if (expiresAt !== null && !isSet(clock.wallMs())) {
      const detail = 'The clock of the gateway is not set, so it cannot be known whether this token is over.';
      throw new PortcullisError('LOGIN_NEEDED', detail);
    }
    if (expiresAt !== null && clock.wallMs() >= expiresAt) throw unknown();
    return { kind: 'token', id, name, role, areas: areas ?? 'all' };
  };
  const byHolder = (holder: Holder): Actor | undefined => {
    if ('person' in holder) {
      const { person } = holder;
      return { ...person, areas: person.areas === 'all' ? 'all' : [...person.areas, ...parts.areasOf(person.name)] };
    }
    const account = accounts.account(holder.account);
    if (account === undefined || account.disabled) return undefined;
    const { id, name, role } = account;
    return { kind: 'person', id, name, role, areas: areasFor(name, role, account.areas) };
  };
  const bySession = (secret: string, asking: Asking): Actor | undefined => {
    const holder = sessions.find(secret);
    const actor = holder && byHolder(holder);
    if (actor === undefined || asking.method === 'GET' || asking.method === 'HEAD') return actor;
    const sent = hashOf(header(asking, 'x-csrf-token') ?? '');
    if (!isFromAnotherSite(asking) && timingSafeEqual(sent, hashOf(csrfOf(secret)))) return actor;
    const detail = 'A change needs the header X-CSRF-Token of this session, from a page of this gateway.';
    throw new PortcullisError('NOT_ALLOWED', detail);
  };
  const isOpenHere = (): boolean => fromProvider === undefined && accounts.isEmpty();

  return async (asking) => {
    const bearer = bearerOf(asking);
    if (bearer !== undefined) {
      if (timingSafeEqual(hashOf(bearer), adminHash)) return { actor: administrator, asking };
      if (bearer.startsWith(tokenPrefix)) return { actor: byToken(bearer), asking };
      if (fromProvider !== undefined && bearer.includes('.')) return { actor: await fromProvider(bearer), asking };
      throw unknown();
    }
    const secret = sessionOf(asking);
    const actor = secret === undefined ? undefined : bySession(secret, asking);
    if (actor !== undefined) return { actor, asking };
    return { actor: isOpenHere() && isFromThisMachine(asking) ? local : anonymous, asking };
  };
}

const unknown = (): PortcullisError =>
  new PortcullisError('LOGIN_NEEDED', 'This token is not known here, or it is over.');
