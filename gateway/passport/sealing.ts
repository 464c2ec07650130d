import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { Decrypter, Encrypter } from 'age-encryption';
import { PortcullisError } from '../../contracts/errors.ts';
import { passphraseIdentity, passphraseRecipient } from './passphrase-stanza.ts';

/**
 * Work of one guess at a passphrase, as the power of two that scrypt takes: 64 MiB of memory, which a board of 512 MB can
 * spare. The `age` tool takes 18 (256 MiB); more would be a way to fill the memory of whoever reads a hostile file.
 */
const usualWork = 16;
const mostWork = 18;

/** The whole header of an age file with a passphrase (C2SP, age, "Header" and "The scrypt recipient type"). */
const header =
  /^age-encryption\.org\/v1\n-> scrypt [A-Za-z0-9+/]{22} (?<work>[1-9]\d?)\n[A-Za-z0-9+/]{43}\n--- [A-Za-z0-9+/]{43}\n/;
const headerBytes = 256;

/** Encrypts what comes, as an age file (age-encryption.org/v1) that a passphrase opens. */
export async function* seal(
  plain: AsyncIterable<Uint8Array>,
  passphrase: string,
  work = usualWork,
): AsyncGenerator<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(passphraseRecipient(passphrase, work));
  yield* await encrypter.encrypt(webStream(plain));
}

/**
 * Decrypts a sealed file piece by piece. Each piece is what was sealed, in its order; that it was all of it is known only
 * when the last one has come. Throws PASSPORT_REFUSED for a wrong passphrase and for a file that is cut off or changed.
 */
export async function* unseal(file: string, passphrase: string): AsyncGenerator<Uint8Array> {
  await checkHeader(file);
  const decrypter = new Decrypter();
  decrypter.addIdentity(passphraseIdentity(passphrase));
  const opened = await decrypter.decrypt(webStream(createReadStream(file))).catch((cause: unknown) => {
    throw new PortcullisError('PASSPORT_REFUSED', 'The passphrase does not open this passport.', { cause });
  });
  try {
    yield* opened;
  } catch (cause) {
    if (cause instanceof PortcullisError) throw cause;
    throw new PortcullisError('PASSPORT_REFUSED', 'The passport is damaged or cut off.', { cause });
  }
}

async function checkHeader(file: string): Promise<void> {
  const head = Buffer.alloc(headerBytes);
  const unreadable = (cause: unknown): never => {
    throw new PortcullisError('FILE_UNREADABLE', `${file} cannot be read.`, { cause });
  };
  await using handle = await open(file, 'r').catch(unreadable);
  // A folder opens, and says only now that it is none.
  const { bytesRead } = await handle.read(head, 0, headerBytes, 0).catch(unreadable);
  const found = header.exec(head.toString('latin1', 0, bytesRead));
  if (found === null || Number(found.groups?.['work']) > mostWork)
    throw new PortcullisError('PASSPORT_REFUSED', 'The file is not a passport.');
}

/** The library's type of a stream is the browser's; both are one in Node. */
const webStream = (pieces: AsyncIterable<Uint8Array>): globalThis.ReadableStream<Uint8Array> =>
  Readable.toWeb(Readable.from(pieces, { objectMode: false })) as globalThis.ReadableStream<Uint8Array>;
