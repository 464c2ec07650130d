import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { TrustedKey } from '../language/grammar-integrity.ts';
import { sha256 } from '../source-tree.ts';

/** The file that holds signatures over MANIFEST.json. */
export const signatureFile = 'MANIFEST.sig.json';

const signatureDocument = z.strictObject({
  format: z.literal('portcullis-signatures/v1'),
  signatures: z
    .array(
      z.strictObject({ key: z.string().min(1).max(128), signedAt: z.iso.datetime(), ed25519: z.base64().max(128) }),
    )
    .max(16),
});
export type Signatures = z.output<typeof signatureDocument>;
type Signature = Signatures['signatures'][number];

/** The signed text names its purpose, the signer and the time, so that no signature can be used for anything else. */
function signedText(manifest: Uint8Array, { key, signedAt }: Pick<Signature, 'key' | 'signedAt'>): Buffer {
  return Buffer.from(`portcullis plugin signature v1\n${JSON.stringify(key)}\n${signedAt}\n${sha256(manifest)}\n`);
}

export function signManifest(manifest: Uint8Array, signer: { key: KeyObject; id: string; at: Date }): Signatures {
  const named = { key: signer.id, signedAt: signer.at.toISOString() };
  const ed25519 = sign(null, signedText(manifest, named), signer.key).toString('base64');
  return { format: 'portcullis-signatures/v1', signatures: [{ ...named, ed25519 }] };
}

/** What is wrong with every signature of a key, or undefined when one of them counts. */
export function signatureFault(
  { manifest, signatures }: { manifest: Uint8Array | undefined; signatures: Uint8Array | undefined },
  key: TrustedKey,
): string | undefined {
  if (!manifest) return 'the package has no MANIFEST.json';
  if (!signatures) return `the package has no ${signatureFile}`;
  const parsed = signatureDocument.safeParse(parseJson(signatures));
  if (!parsed.success) return `${signatureFile} has another form`;
  const own = parsed.data.signatures.filter((one) => one.key === key.id);
  if (own.length === 0) return `not signed with the key "${key.id}"`;
  const publicKey = readPublicKey(key.ed25519);
  if (!publicKey) return `the trusted key "${key.id}" is not an Ed25519 key`;
  let fault = '';
  for (const one of own) {
    const day = one.signedAt.slice(0, 10);
    if (day < (key.from ?? '') || (key.until !== undefined && day > key.until)) {
      fault = `signed on ${day}, when the key "${key.id}" was not valid`;
    } else if (verify(null, signedText(manifest, one), publicKey, Buffer.from(one.ed25519, 'base64'))) return undefined;
    else fault = `the signature of "${key.id}" does not verify`;
  }
  return fault;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** A public key from SPKI PEM or its base64 body; undefined when it is anything else. */
export function readPublicKey(text: string): KeyObject | undefined {
  try {
    const key = text.includes('-----')
      ? createPublicKey(text)
      : createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined;
  }
}

/** A private key from PKCS #8 PEM; undefined when it is anything else. */
export function readPrivateKey(pem: string): KeyObject | undefined {
  try {
    const key = createPrivateKey(pem);
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined;
  }
}

/** A new signer: the private key as PEM, the public key as a policy writes it. */
export function generateSigner(): { readonly privatePem: string; readonly publicBase64: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    privatePem: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    publicBase64: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
  };
}
