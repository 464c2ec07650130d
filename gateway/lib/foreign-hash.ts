import { createHash, pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { argon2Of } from './password-hash.ts';

/** How another broker hashed a password; everything that checking one needs, and nothing that costs more than it may. */
export type ForeignHash =
  | { readonly is: 'sha512'; readonly salt: Buffer; readonly hash: Buffer }
  | { readonly is: 'pbkdf2'; readonly salt: Buffer; readonly hash: Buffer; readonly iterations: number }
  | {
      readonly is: 'argon2id';
      readonly salt: Buffer;
      readonly hash: Buffer;
      readonly cost: { readonly memory: number; readonly passes: number; readonly parallelism: number };
    };

/** A file that asks for more work than this for one login would hold up every other login. */
const most = { iterations: 500_000, memoryKib: 64 * 1024, passes: 8, parallelism: 4 } as const;

const base64 = '[A-Za-z0-9+/]{8,128}={0,2}';
const plainForm = new RegExp(`^\\$(?:6|7\\$(\\d{1,7}))\\$(${base64})\\$(${base64})$`);
const argonForm = new RegExp(
  `^\\$argon2id\\$v=19\\$m=(\\d{1,7}),t=(\\d{1,3}),p=(\\d{1,2})\\$(${base64})\\$(${base64})$`,
);

/**
 * Reads a hash as Mosquitto writes it (libcommon/password_common.c): `$6$salt$hash` is SHA-512 over password and salt, `$7$n$salt$hash`
 * PBKDF2 with HMAC-SHA-512, `$argon2id$…` Argon2's own form. Undefined for anything else, and for what costs too much.
 */
export function readForeignHash(text: string): ForeignHash | undefined {
  const [, iterations, salt = '', hash = ''] = plainForm.exec(text) ?? [];
  if (hash !== '') return plainHash(iterations, Buffer.from(salt, 'base64'), Buffer.from(hash, 'base64'));
  const [, memory, passes, parallelism, nonce = '', tag = ''] = argonForm.exec(text) ?? [];
  if (tag === '') return undefined;
  const cost = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  const isCheap =
    cost.memory <= most.memoryKib && cost.passes <= most.passes && cost.parallelism <= most.parallelism && isWork(cost);
  if (!isCheap) return undefined;
  return { is: 'argon2id', salt: Buffer.from(nonce, 'base64'), hash: Buffer.from(tag, 'base64'), cost };
}

/** What Argon2 itself asks for (RFC 9106, section 3.1). */
const isWork = ({ memory, passes, parallelism }: { memory: number; passes: number; parallelism: number }): boolean =>
  parallelism >= 1 && passes >= 1 && memory >= 8 * parallelism;

function plainHash(iterations: string | undefined, salt: Buffer, hash: Buffer): ForeignHash | undefined {
  if (hash.length !== 64) return undefined;
  if (iterations === undefined) return { is: 'sha512', salt, hash };
  const n = Number(iterations);
  return n >= 1 && n <= most.iterations ? { is: 'pbkdf2', salt, hash, iterations: n } : undefined;
}

/** Whether it is the password's. Compares in constant time. */
export async function isForeign(password: string | Uint8Array, foreign: ForeignHash): Promise<boolean> {
  return timingSafeEqual(await derive(password, foreign), foreign.hash);
}

function derive(password: string | Uint8Array, foreign: ForeignHash): Promise<Buffer> | Buffer {
  const { salt, hash } = foreign;
  switch (foreign.is) {
    case 'sha512':
      return createHash('sha512').update(password).update(salt).digest();
    case 'pbkdf2':
      return promisify(pbkdf2)(password, salt, foreign.iterations, hash.length, 'sha512');
    default:
      return argon2Of(password, salt, { ...foreign.cost, tagLength: hash.length });
  }
}
