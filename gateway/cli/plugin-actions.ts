import { lstat, readFile, writeFile } from 'node:fs/promises';
import { join, parse, resolve } from 'node:path';
import { PortcullisError } from '../../contracts/errors.ts';
import { packBundle, readBundle } from '../admission/bundle/bundle.ts';
import { checkFileList, fileListName } from '../admission/integrity/file-list.ts';
import { generateSigner, readPrivateKey, signatureFault, signatureFile } from '../admission/integrity/signature.ts';
import { readPolicy } from '../admission/language/read-contract.ts';
import { documentLimits } from '../admission/language/yaml-document.ts';
import { readBounded } from '../admission/read-bounded.ts';
import { shown } from '../admission/report/subject.ts';
import { readSourceTree, treeHash, treeLimits } from '../admission/source-tree.ts';
import type { SourceTree } from '../admission/types.ts';
import { counted } from '../lib/counted.ts';

/** Makes an Ed25519 key: the private part into a new file, the public part as a line for a policy. */
export async function makeKey(id: string, out: string): Promise<void> {
  const { privatePem, publicBase64 } = generateSigner();
  await writeNew(out, privatePem, 0o600);
  console.log(`Private key in ${out}: keep it secret. Line for the "keys" of a HostPolicy:`);
  console.log(`  - { id: ${JSON.stringify(id)}, ed25519: ${publicBase64} }`);
}

/** Packs and signs a plugin folder into a new file. */
export async function pack(dir: string, options: { key: string; keyId?: string; out?: string }): Promise<void> {
  const key = readPrivateKey(await readFile(options.key, 'utf8').catch(() => ''));
  if (!key) throw new PortcullisError('USAGE', `${options.key} holds no Ed25519 private key in PEM.`);
  const id = options.keyId ?? parse(options.key).name;
  const bundle = packBundle(await readSourceTree(resolve(dir)), { id, key, at: new Date() });
  const out = options.out ?? join(process.cwd(), bundle.name);
  await writeNew(out, bundle.bytes, 0o644);
  const tree = treeHash(readBundle(bundle.bytes));
  console.log(`Wrote ${out}: ${counted(bundle.files, 'file')}, ${bundle.bytes.byteLength} bytes, tree sha256-${tree}.`);
}

/** Whether files and signatures of a bundle or folder are sound; says every fault. */
export async function verify(path: string, policy: string | undefined): Promise<boolean> {
  const tree = await packageAt(path);
  const faults = [...fileFaults(tree), ...(policy === undefined ? [] : await signatureFaults(tree, policy))];
  for (const fault of faults) console.log(shown(fault));
  const unsigned = policy === undefined ? ' Signatures were not looked at: name a --policy.' : '';
  console.log(
    faults.length === 0
      ? `Sound: tree sha256-${treeHash(tree)}.${unsigned}`
      : `${counted(faults.length, 'fault')}.${unsigned}`,
  );
  return faults.length === 0;
}

async function packageAt(path: string): Promise<SourceTree> {
  const found = await lstat(path).catch((error: unknown) => {
    throw new PortcullisError('FILE_UNREADABLE', `${path} cannot be read.`, { cause: error });
  });
  return found.isDirectory() ? readSourceTree(resolve(path)) : readBundle(await readBounded(path, treeLimits.bytes));
}

function fileFaults(tree: SourceTree): readonly string[] {
  const links = [...tree.links.keys()].map((link) => `PC-D110 ${link}: a link`);
  return [...links, ...checkFileList(tree, true).map((one) => `${one.code} ${one.subject}: ${one.observed}`)];
}

/** One trusted key that signed is enough; otherwise every key says what is wrong. */
async function signatureFaults(tree: SourceTree, file: string): Promise<readonly string[]> {
  const policy = readPolicy(await readBounded(file, documentLimits.bytes), file);
  if (!policy.document) return policy.violations.map((one) => `PC-C101 ${file}:${one.line}: ${one.observed}`);
  const given = { manifest: tree.files.get(fileListName), signatures: tree.files.get(signatureFile) };
  const keys = policy.document.value.keys ?? [];
  const faults = keys.map((key) => signatureFault(given, key));
  if (faults.includes(undefined)) return [];
  return faults.length === 0 ? ['PC-I105: the policy trusts no key'] : faults.map((fault) => `PC-I105: ${fault}`);
}

async function writeNew(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  try {
    await writeFile(path, content, { flag: 'wx', mode });
  } catch (error) {
    throw new PortcullisError('USAGE', `${path} cannot be written; nothing is overwritten.`, { cause: error });
  }
}
