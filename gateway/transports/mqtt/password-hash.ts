import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { PortcullisError } from '../../../contracts/errors.ts';

/** Argon2id as OWASP's password storage cheat sheet advises: 19 MiB, two passes, one lane. */
const cost = { memory: 19 * 1024, passes: 2, parallelism: 1, tagLength: 32 } as const;

/** One hash takes 19 MiB; a storm of logins must not take the machine. */
const maxAtOnce = 2;
const maxWaiting = 256;

export interface PasswordHash {
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

let running = 0;
const waiting: (() => void)[] = [];

export async function hashPassword(password: string | Uint8Array): Promise<PasswordHash> {
  const salt = randomBytes(16);
  return { salt, hash: await derive(password, salt) };
}

/** Takes the same time for every outcome. Rejects with OVERLOADED when too many logins wait. */
export async function verifyPassword(password: string | Uint8Array, { salt, hash }: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await derive(password, salt), hash);
}

async function derive(message: string | Uint8Array, nonce: Uint8Array): Promise<Buffer> {
  await enter();
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      argon2('argon2id', { message, nonce, ...cost }, (error, key) => (error ? reject(error) : resolve(key)));
    });
  } finally {
    leave();
  }
}

/** A finished hash hands its place to the next one. */
async function enter(): Promise<void> {
  if (running < maxAtOnce) {
    running++;
    return;
  }
  if (waiting.length >= maxWaiting) throw new PortcullisError('OVERLOADED', 'Too many logins wait to be checked.');
  const { promise, resolve } = Promise.withResolvers<void>();
  waiting.push(resolve);
  await promise;
}

function leave(): void {
  const next = waiting.shift();
  if (next === undefined) running--;
  else next();
}
