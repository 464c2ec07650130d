import type { Logger } from 'pino';
import type { Account, NewAccount, NewSession } from '../../contracts/access.ts';
import type { AccessDesk, Actor, Asking, Caller, Permission, Target } from '../../contracts/actor.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import type { TableStore } from '../../contracts/table-set.ts';
import type { Clock } from '../lib/clock.ts';
import { openAccounts, type AccountBook } from './accounts.ts';
import { isFromAnotherSite, sessionOf } from './asking.ts';
import { oneAfterTheOther, type BookDeps } from './book.ts';
import { openAudit, type AuditLog, type Matter } from './audit.ts';
import { decide, type LocalTime, type Question } from './decide.ts';
import { anonymous, openIdentify } from './identify.ts';
import { openHasher, openPasswordDoor } from './login.ts';
import { rolePolicies, type Policy } from './policy.ts';
import { csrfOf, openSessions, type Holder } from './sessions.ts';
import { openTokens, type TokenBook } from './tokens.ts';

/** Where things are, as far as rights depend on it. */
export interface Whereabouts {
  /** Ids and paths of the place of a device and of all around it; nothing for an unknown device or one without a place. */
  placesOf(device: string): readonly string[];
  /** Ids and paths of a place and of all around it. */
  placesAround(place: string): readonly string[];
  /** Ids of the areas that the groups of somebody are responsible for. */
  areasOf(name: string): readonly string[];
}

export interface AccessOptions {
  readonly adminToken: string;
  /** Beside those of the roles. */
  readonly policies: readonly Policy[];
}

export interface AccessDeps {
  readonly store: TableStore;
  readonly whereabouts: Whereabouts;
  /** Undefined while the clock is not set. */
  readonly localTime: () => LocalTime | undefined;
  readonly fromProvider: ((jwt: string) => Promise<Actor>) | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Who asks, what they may, and their logins. Disposing writes down what of the audit log is not yet. */
export interface Access extends AccessDesk, AsyncDisposable {
  readonly accounts: AccountBook & TokenBook;
  readonly audit: Pick<AuditLog, 'list'>;
  /** Begins a session with name and password. Rejects with NOT_ALLOWED or TOO_MANY_TRIES; either way it is in the audit log. */
  login(asking: Asking, name: string, password: string): Promise<NewSession>;
  /** Begins a session of somebody whom the identity provider vouched for. */
  admit(asking: Asking, person: Actor): Promise<NewSession>;
  logout(asking: Asking): Promise<void>;
  /** What pages of the caller's session send with changes; undefined without a session. */
  csrf(asking: Asking): string | undefined;
  /** Takes a new password of one's own for the old one; all other sessions of the account end. */
  changePassword(caller: Caller, old: string, password: string): Promise<void>;
  /** Ends what an account has open. */
  endSessions(account: string): Promise<void>;
  /** The account of who claims the gateway: made, or with a new password when an attempt before was cut off. */
  own(wish: NewAccount & { readonly password: string }): Promise<Account>;
}

export async function openAccess(options: AccessOptions, deps: AccessDeps): Promise<Access> {
  const { store, whereabouts, clock, log } = deps;
  const hasher = openHasher();
  const book: BookDeps = { clock, names: new Set(), inTurn: oneAfterTheOther() };
  const accounts = { ...(await openAccounts(store, { ...book, hasher })), ...(await openTokens(store, book)) };
  const sessions = await openSessions(store, { clock, log });
  const audit = await openAudit(store, { clock, log });
  const door = await openPasswordDoor(accounts, { store, clock, hasher, log });
  const policies = [...rolePolicies, ...options.policies];
  const areasOf = (name: string): readonly string[] => whereabouts.areasOf(name);
  const { adminToken } = options;
  const identify = openIdentify({ ...deps, adminToken, accounts, sessions, areasOf });

  const may = (actor: Actor, permission: Permission, target: Target): boolean =>
    decide(policies, { actor, permission, target: questionOf(target, whereabouts), time: deps.localTime }).allowed;
  const begin = async (asking: Asking, actor: Actor, holder: Holder): Promise<NewSession> => {
    const ended = await audit.begin(matterOf({ actor, asking }, 'login', actor.name));
    const token = await sessions.begin(holder);
    ended('done');
    return { token, csrf: csrfOf(token), actor };
  };

  return {
    accounts,
    audit,
    async identify(asking, isLenient) {
      try {
        if (!isLenient || asking.method === 'GET') return await identify(asking);
        if (!isFromAnotherSite(asking)) return { actor: anonymous, asking };
        throw new PortcullisError('NOT_ALLOWED', 'This call was sent by a page of another site.');
      } catch (error) {
        if (isLenient && asking.method === 'GET') return { actor: anonymous, asking };
        if (error instanceof PortcullisError) {
          audit.denied(matterOf({ actor: anonymous, asking }, 'nothing', asking.path), error.code);
        }
        throw error;
      }
    },
    may,
    demand(caller, permission, target) {
      if (may(caller.actor, permission, target)) return;
      const error = refusal(caller.actor, permission);
      audit.denied(matterOf(caller, permission, wordFor(target, caller)), error.code);
      throw error;
    },
    begin: (caller, permission, target) => audit.begin(matterOf(caller, permission, wordFor(target, caller))),
    async login(asking, name, password) {
      const account = await door.check(asking.address, name, password).catch((error: unknown) => {
        const code = error instanceof PortcullisError ? error.code : 'INTERNAL';
        audit.denied(matterOf({ actor: anonymous, asking }, 'login', name), code);
        throw error;
      });
      const { id, role } = account;
      const actor: Actor = { kind: 'person', id, name: account.name, role, areas: account.areas ?? 'all' };
      return begin(asking, actor, { account: id });
    },
    admit: (asking, person) => begin(asking, person, { person }),
    async logout(asking) {
      const secret = sessionOf(asking);
      if (secret !== undefined) await sessions.end(secret);
    },
    csrf(asking) {
      const secret = sessionOf(asking);
      return secret === undefined || sessions.find(secret) === undefined ? undefined : csrfOf(secret);
    },
    async changePassword({ actor, asking }, old, password) {
      const account = accounts.account(actor.id);
      if (account === undefined) {
        throw new PortcullisError('COMMAND_INVALID', `${actor.name} has no password here.`);
      }
      await door.check(asking.address, account.name, old);
      await accounts.setPassword(account.id, password);
      await sessions.endAll(account.id, sessionOf(asking));
    },
    endSessions: (account) => sessions.endAll(account),
    own: (wish) => own(accounts, wish),
    [Symbol.asyncDispose]: () => audit[Symbol.asyncDispose](),
  };
}

async function own(accounts: AccountBook, wish: NewAccount & { readonly password: string }): Promise<Account> {
  const known = accounts.named(wish.name);
  if (known === undefined) return (await accounts.addAccount(wish)).account;
  await accounts.setPassword(known.id, wish.password);
  return accounts.editAccount({ id: known.id, role: wish.role, disabled: false });
}

function questionOf(target: Target, whereabouts: Whereabouts): Question['target'] {
  if (target === 'everything') return {};
  if (target === 'some') return { some: true };
  if ('account' in target) return target;
  return { places: 'device' in target ? whereabouts.placesOf(target.device) : whereabouts.placesAround(target.place) };
}

const wordFor = (target: Target, { asking }: Caller): string =>
  typeof target === 'string' ? asking.path : Object.entries(target).flat().join(' ');

const matterOf = ({ actor, asking }: Caller, permission: Matter['permission'], target: string): Matter => ({
  actor,
  address: asking.address,
  permission,
  action: asking.action,
  target: target.slice(0, 300),
});

function refusal({ kind, name, role }: Actor, permission: Permission): PortcullisError {
  return kind === 'anonymous' || kind === 'local'
    ? new PortcullisError('LOGIN_NEEDED', 'This call needs a login, or the administrator token of the data folder.')
    : new PortcullisError('NOT_ALLOWED', `${name} (${role}) may not do this (${permission}).`);
}
