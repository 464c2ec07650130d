import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { PortcullisError } from '../../contracts/errors.ts';
import type { TableStore } from '../../contracts/table-set.ts';
import type { Clock } from '../lib/clock.ts';
import { LoginLimits, type Rule } from '../lib/login-limits.ts';
import { PasswordHasher, matches, type PasswordHash } from '../lib/password-hash.ts';
import type { AccountBook } from './accounts.ts';
import type { StoredAccount } from './tables.ts';

/** One at a time: a login may wait, the messages of devices may not. */
export const openHasher = (): PasswordHasher => new PasswordHasher({ atOnce: 1, maxWaiting: 16 });

const minutes = 60_000;
/** Of one name from one address, and of one address with any names. */
const near = {
  perUser: { failures: 5, windowMs: 10 * minutes, lockMs: 10 * minutes },
  perAddress: { failures: 20, windowMs: 10 * minutes, lockMs: 10 * minutes },
} satisfies Record<string, Rule>;
/** Of one name from addresses from which it never logged in: a guesser with many addresses. */
const fromStrangers: Rule = { failures: 30, windowMs: 10 * minutes, lockMs: 10 * minutes };
/** Names with an address that they logged in from. */
const maxFamiliar = 1_000;

/** Checks names and passwords, and slows guessing down. */
export interface PasswordDoor {
  /**
   * The account. NOT_ALLOWED: name or password is wrong, or the account is disabled; it says not which, and takes as long for each.
   * TOO_MANY_TRIES: this address, or strangers with this name, failed too often; whoever logged in from an address before still may.
   */
  check(address: string, name: string, password: string): Promise<StoredAccount>;
}

interface DoorParts {
  readonly store: TableStore;
  readonly clock: Clock;
  readonly hasher: PasswordHasher;
  readonly log: Logger;
}

export async function openPasswordDoor(
  accounts: Pick<AccountBook, 'named'>,
  { store, clock, hasher, log }: DoorParts,
): Promise<PasswordDoor> {
  const limits = new LoginLimits(near);
  const strangers = new LoginLimits({ perUser: fromStrangers, perAddress: { ...fromStrangers, failures: Infinity } });
  const familiar = await openFamiliar(store, log);
  // No password hashes to it: what is compared with it takes its time and fails.
  const decoy: PasswordHash = { salt: randomBytes(16), hash: randomBytes(32) };

  return {
    async check(from, name, password) {
      const address = networkOf(from);
      const user = name.normalize('NFKC').toLowerCase();
      const isFamiliar = familiar.has(`${address} ${user}`);
      const refuseLocked = (): void => {
        const now = clock.monoMs();
        if (!limits.isLocked(address, user, now) && (isFamiliar || !strangers.isLocked('', user, now))) return;
        throw new PortcullisError('TOO_MANY_TRIES', 'Too many failed logins. Wait ten minutes, then try again.');
      };
      refuseLocked();
      return hasher.inTurn(async () => {
        // Those that waited in front may have been the last that this name had.
        refuseLocked();
        const account = accounts.named(name);
        const isRight = await matches(password, account?.secret ?? decoy);
        if (account === undefined || !isRight || account.disabled) {
          limits.failed(address, user, clock.monoMs());
          if (!isFamiliar) strangers.failed('', user, clock.monoMs());
          throw new PortcullisError('NOT_ALLOWED', 'The name or the password is wrong.');
        }
        limits.succeeded(address, user);
        familiar.add(`${address} ${user}`);
        return account;
      });
    },
  };
}

/** Who logged in from where, also in lives before: a restart must make no strangers of them. */
async function openFamiliar(store: TableStore, log: Logger) {
  const known = new Set((await store.read('access.familiar', [])).map(({ who }) => String(who)));
  return {
    has: (who: string): boolean => known.has(who),
    add(who: string): void {
      const isKnown = known.delete(who);
      known.add(who);
      if (isKnown) return;
      const oldest = [...known].slice(0, Math.max(0, known.size - maxFamiliar));
      for (const one of oldest) known.delete(one);
      const drops = oldest.map((one) => ({ statement: 'access.dropFamiliar', params: [one] }));
      store.write([{ statement: 'access.putFamiliar', params: [who] }, ...drops]).catch((err: unknown) => {
        log.warn({ err }, 'where somebody logged in from could not be noted; after a restart they count as a stranger');
      });
    },
  };
}

/** Of IPv6 the half that a household has to itself. */
function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '');
  return plain.includes(':') ? plain.split(':').slice(0, 4).join(':') : plain;
}
