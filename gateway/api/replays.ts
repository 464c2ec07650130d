import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { PortcullisError } from '../../contracts/errors.ts';
import type { TableStore } from '../../contracts/table-set.ts';

/** Answers that are kept; the oldest go first. */
const maxKept = 1_000;
/** An answer that is larger is not kept: it is only known that it was given. */
const maxSealedBytes = 16 * 1024;

/** What a call answers, ready to be sent. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface KeyedCall {
  readonly key: string;
  /** Of whom: two callers may use the same key. */
  readonly actor: string;
  /** What the caller proved itself with; it seals the answer, which may hold a password. */
  readonly credential: string;
  /** Everything that makes it the same call: method, path, query, body. */
  readonly content: string;
}

/** Does each call with an `Idempotency-Key` once (draft-ietf-httpapi-idempotency-key-header). */
export interface Replays {
  /**
   * The answer of `act`, or the one that it gave before. Rejects with COMMAND_INVALID when the key was used for another call, CONFLICT while
   * the first is under way, OUTCOME_UNKNOWN when the gateway stopped in it. An answer of 429 or from 500 on is not kept: it may be tried again.
   */
  once(call: KeyedCall, act: () => Promise<Answer>): Promise<Answer>;
}

export function openReplays(store: TableStore): Replays {
  const running = new Set<string>();

  const before = async ({ id, print, secret }: Marks): Promise<Answer | undefined> => {
    const [row] = await store.read('api.answer', [id]);
    if (row === undefined) return undefined;
    if (row['fingerprint'] !== print) {
      throw new PortcullisError('COMMAND_INVALID', 'This Idempotency-Key was used for another call. Take a new one.');
    }
    const sealed = row['sealed'];
    if (!(sealed instanceof Uint8Array)) {
      throw new PortcullisError(
        'OUTCOME_UNKNOWN',
        'The gateway stopped while it did this. Look whether it was done; to do it again take a new Idempotency-Key.',
      );
    }
    if (sealed.length > 0) return JSON.parse(unseal(secret, sealed)) as Answer;
    throw new PortcullisError('CONFLICT', 'This was done before; its answer was too large to be kept.');
  };

  return {
    async once(call, act) {
      const marks = marksOf(call);
      const { id, print, secret } = marks;
      if (running.has(id)) throw new PortcullisError('CONFLICT', 'The first call with this key is still under way.');
      running.add(id);
      try {
        const known = await before(marks);
        if (known !== undefined) return known;
        await store.write([
          { statement: 'api.begin', params: [id, print] },
          { statement: 'api.trim', params: [maxKept] },
        ]);
        const answer = await act();
        if (answer.status === 429 || answer.status >= 500) {
          await store.write([{ statement: 'api.forget', params: [id] }]);
          return answer;
        }
        const sealed = seal(secret, JSON.stringify(answer));
        const kept = sealed.length > maxSealedBytes ? new Uint8Array() : sealed;
        await store.write([{ statement: 'api.keep', params: [kept, id] }]);
        return answer;
      } finally {
        running.delete(id);
      }
    },
  };
}

interface Marks {
  readonly id: string;
  readonly print: string;
  readonly secret: Uint8Array;
}

const digest = (...parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');

function marksOf({ key, actor, credential, content }: KeyedCall): Marks {
  const secret = new Uint8Array(hkdfSync('sha256', `${credential}\n${key}`, '', 'portcullis answer', 32));
  return { id: digest(actor, key), print: digest(content), secret };
}

function seal(secret: Uint8Array, text: string): Uint8Array {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', secret, nonce);
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

function unseal(secret: Uint8Array, sealed: Uint8Array): string {
  const decipher = createDecipheriv('aes-256-gcm', secret, sealed.subarray(0, 12));
  decipher.setAuthTag(sealed.subarray(-16));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]).toString('utf8');
  } catch {
    // Another session or token of the same caller: it may know that it was done, not what was said.
    throw new PortcullisError(
      'CONFLICT',
      'This was done before, with another login; its answer was for that one only.',
    );
  }
}
