import { lstat, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { PortcullisError } from '../../contracts/errors.ts';
import { bundleSuffix, packBundle, readBundle } from '../admission/bundle/bundle.ts';
import { checkFileList, fileListName } from '../admission/integrity/file-list.ts';
import { generateSigner, readPrivateKey, signatureFault, signatureFile } from '../admission/integrity/signature.ts';
import { readPolicy } from '../admission/language/read-contract.ts';
import { documentLimits } from '../admission/language/yaml-document.ts';
import { readBounded } from '../admission/read-bounded.ts';
import { shown } from '../admission/report/subject.ts';
import { readSourceTree, treeHash, treeLimits } from '../admission/source-tree.ts';
import type { SourceTree } from '../admission/types.ts';

/** `portcullis plugin`: pack, sign and verify what a vendor ships. */
export function pluginCommand(): Command {
  return new Command('plugin')
    .description('Pack a plugin into one signed bundle, make a signing key, verify a bundle.')
    .addCommand(keygenCommand())
    .addCommand(packCommand())
    .addCommand(verifyCommand());
}

function keygenCommand(): Command {
  return new Command('keygen')
    .description('Make an Ed25519 key: the private part into a file, the public part as a line for the policy.')
    .argument('<id>', 'name of the key, for example acme-2026')
    .requiredOption('--out <file>', 'file for the private key (never overwritten)')
    .action(async (id: string, { out }: { out: string }) => {
      const { privatePem, publicBase64 } = generateSigner();
      await writeNew(out, privatePem, 0o600);
      console.log(`Private key in ${out}: keep it secret. Line for the "keys" of a HostPolicy:`);
      console.log(`  - { id: ${JSON.stringify(id)}, ed25519: ${publicBase64} }`);
    });
}

function packCommand(): Command {
  return new Command('pack')
    .description('Make one signed bundle of a plugin folder: every file hashed, nothing undeclared.')
    .argument('<dir>', 'plugin folder')
    .requiredOption('--key <file>', 'private key (Ed25519, PEM)')
    .requiredOption('--key-id <id>', 'name of the key in the policies of the sites')
    .option('--out <file>', `bundle to write (default: <name>-<version>${bundleSuffix} here; never overwritten)`)
    .action(async (dir: string, options: { key: string; keyId: string; out?: string }) => {
      const key = readPrivateKey(await readFile(options.key, 'utf8').catch(() => ''));
      if (!key) throw new PortcullisError('USAGE', `${options.key} holds no Ed25519 private key in PEM.`);
      const bundle = packBundle(await readSourceTree(resolve(dir)), { id: options.keyId, key, at: new Date() });
      const out = options.out ?? join(process.cwd(), bundle.name);
      await writeNew(out, bundle.bytes, 0o644);
      console.log(
        `Wrote ${out}: ${bundle.files} files, ${bundle.bytes.byteLength} bytes, tree sha256-${treeHash(readBundle(bundle.bytes))}.`,
      );
    });
}

function verifyCommand(): Command {
  return new Command('verify')
    .description('Verify files and signatures of a bundle or a plugin folder. Exit 0 sound, 1 not.')
    .argument('<path>', 'bundle or folder')
    .option('--policy <file>', 'HostPolicy with the trusted keys')
    .action(async (path: string, { policy }: { policy?: string }) => {
      const tree = await packageAt(path);
      const faults = [...fileFaults(tree), ...(policy === undefined ? [] : await signatureFaults(tree, policy))];
      for (const fault of faults) console.log(shown(fault));
      const unsigned = policy === undefined ? ' Signatures were not looked at: name a --policy.' : '';
      console.log(
        faults.length === 0
          ? `Sound: tree sha256-${treeHash(tree)}.${unsigned}`
          : `${faults.length} faults.${unsigned}`,
      );
      process.exitCode = faults.length === 0 ? 0 : 1;
    });
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
