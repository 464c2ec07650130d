import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Certificate } from '../lib/own-certificate.ts';
import { tlsFloor } from '../lib/tls-floor.ts';
import { readConfigured } from './read-text.ts';

const beginning = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/;

/**
 * Reads the certificate and the key that the configuration gives a listener of ours, and tries them as it would use them.
 * Throws FILE_UNREADABLE, or CONFIG_INVALID for files that no listener can speak TLS with; `key` begins the message.
 */
export async function readCertificate(certFile: string, keyFile: string, key: string): Promise<Certificate> {
  const cert = await readConfigured(certFile, `${key}.certFile`);
  const privateKey = await readConfigured(keyFile, `${key}.keyFile`);
  const [itsCert, itsKey] = [`${key}.certFile: ${certFile}`, `${key}.keyFile: ${keyFile}`];
  const certificate = parsed(() => new X509Certificate(cert), `${itsCert} holds no certificate in PEM.`);
  const parsedKey = parsed(() => createPrivateKey(privateKey), `${itsKey} holds no key in PEM without a passphrase.`);
  if (!certificate.checkPrivateKey(parsedKey)) {
    throw new PortcullisError('CONFIG_INVALID', `${itsKey} is not the key of ${certFile}.`);
  }
  parsed(
    () => createSecureContext({ cert, key: privateKey, ...tlsFloor }),
    `${itsCert} is too weak or too damaged for TLS.`,
  );
  return { cert, key: privateKey };
}

/**
 * Reads the certificates of the authorities that the configuration trusts. OpenSSL passes over what is none, and then
 * trusts nobody: so that is refused here. Throws FILE_UNREADABLE or CONFIG_INVALID; `key` begins the message.
 */
export async function readAuthorities(file: string, key: string): Promise<string> {
  const text = await readConfigured(file, key);
  const blocks = text.split(new RegExp(`(?=${beginning.source})`)).filter((block) => beginning.test(block));
  if (blocks.length === 0) {
    throw new PortcullisError('CONFIG_INVALID', `${key}: ${file} holds no certificate in PEM.`);
  }
  for (const [at, block] of blocks.entries()) {
    parsed(() => new X509Certificate(block), `${key}: certificate ${at + 1} in ${file} is damaged.`);
  }
  return text;
}

function parsed<Result>(parse: () => Result, otherwise: string): Result {
  try {
    return parse();
  } catch (cause) {
    throw new PortcullisError('CONFIG_INVALID', otherwise, { cause });
  }
}
