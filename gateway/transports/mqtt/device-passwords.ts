import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { isForeign, type ForeignHash } from '../../lib/foreign-hash.ts';
import { PasswordHasher, matches, type PasswordHash } from '../../lib/password-hash.ts';

/** Of all brokers in this process: it is about its memory. */
const hasher = new PasswordHasher({ atOnce: 2, maxWaiting: 256 });

/** Called around the check of a password, in the turn in which it is made; each may refuse the login by throwing. */
export interface TryGuard {
  readonly before: () => void;
  readonly after: (isRight: boolean) => void;
}

/** One password of a device, as its hash. */
export interface Credential extends PasswordHash {
  readonly id: string;
  /** Of another broker: `salt` and `hash` are empty until the first login. */
  readonly foreign?: ForeignHash | undefined;
  /** Keyed digest of the password once it was verified, so that a reconnect storm costs no hashes. */
  seen: Buffer | undefined;
}

/** Of a credential that has another broker's. */
export const noHash: PasswordHash = { salt: new Uint8Array(0), hash: new Uint8Array(0) };

/** Checked in place of an unknown user's credential. */
const decoy: Credential = { id: '', salt: new Uint8Array(16), hash: new Uint8Array(32), seen: undefined };

export const hashPassword = (password: string | Uint8Array): Promise<PasswordHash> => hasher.hash(password);

/** 144 bits, easy to type nowhere and to paste everywhere. */
export const newPassword = (): string => randomBytes(18).toString('base64url');

/**
 * Finds the credential that a password belongs to; `undefined` in place of credentials, an unknown user, costs the same time.
 * The guard is not asked for a password that was right before.
 */
export function passwordTrials() {
  const key = randomBytes(32);
  return async (
    password: Uint8Array,
    credentials: readonly Credential[] | undefined,
    guard: TryGuard,
  ): Promise<Credential | undefined> => {
    const digest = createHmac('sha256', key).update(password).digest();
    const cached = credentials?.find(({ seen }) => seen !== undefined && timingSafeEqual(seen, digest));
    if (cached !== undefined) return cached;
    return hasher.inTurn(async () => {
      guard.before();
      const right = await rightOne(password, credentials?.toReversed() ?? [decoy]);
      guard.after(right !== undefined);
      if (right !== undefined) right.seen = digest;
      return right;
    });
  };
}

async function rightOne(password: Uint8Array, credentials: readonly Credential[]): Promise<Credential | undefined> {
  for (const credential of credentials) {
    if ((await isRight(password, credential)) && credential !== decoy) return credential;
  }
  return undefined;
}

/** A wrong password costs as much behind another broker's hash: a right one is hashed anew. */
async function isRight(password: Uint8Array, credential: Credential): Promise<boolean> {
  const { foreign } = credential;
  if (foreign === undefined) return matches(password, credential);
  if (await isForeign(password, foreign)) return true;
  await matches(password, decoy);
  return false;
}
