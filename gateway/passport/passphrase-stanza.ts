import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { Stanza, type Identity, type Recipient } from 'age-encryption';

const derive = promisify<string, Uint8Array, number, { N: number; r: number; maxmem: number }, Buffer>(scrypt);

const tagBytes = 16;
/** The key is used once, so the nonce may be all zeros (C2SP, age, "The scrypt recipient type"). */
const nonce = Buffer.alloc(12);
const algorithm = 'chacha20-poly1305';

/**
 * The scrypt stanza of age over Node's own scrypt: off the event loop, and many times faster than the library's, which is JavaScript.
 * `work` is the power of two that scrypt takes.
 */
export function passphraseRecipient(passphrase: string, work: number): Recipient {
  return {
    async wrapFileKey(fileKey) {
      const salt = randomBytes(16);
      const cipher = createCipheriv(algorithm, await keyOf(passphrase, salt, work), nonce, { authTagLength: tagBytes });
      const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()]);
      return [new Stanza(['scrypt', unpadded(salt), String(work)], body)];
    },
  };
}

/** Opens such a stanza, the only one of a header that was checked; null with another passphrase. */
export function passphraseIdentity(passphrase: string): Identity {
  return {
    async unwrapFileKey([stanza]) {
      const [, salt = '', work = ''] = stanza?.args ?? [];
      const key = await keyOf(passphrase, Buffer.from(salt, 'base64'), Number(work));
      const body = Buffer.from(stanza?.body ?? []);
      const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
      decipher.setAuthTag(body.subarray(-tagBytes));
      const fileKey = decipher.update(body.subarray(0, -tagBytes));
      try {
        decipher.final();
        return fileKey;
      } catch {
        return null;
      }
    },
  };
}

function keyOf(passphrase: string, salt: Uint8Array, work: number): Promise<Buffer> {
  const labelled = Buffer.concat([Buffer.from('age-encryption.org/v1/scrypt'), salt]);
  return derive(passphrase, labelled, 32, { N: 2 ** work, r: 8, maxmem: 2 ** (work + 11) });
}

const unpadded = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');
