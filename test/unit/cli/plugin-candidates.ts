import { cp, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { packBundle } from '../../../gateway/admission/bundle/bundle.ts';
import { generateSigner, readPrivateKey } from '../../../gateway/admission/integrity/signature.ts';
import { readSourceTree } from '../../../gateway/admission/source-tree.ts';
import { tempDir } from '../buffer/buffer-fixture.ts';

const repository = join(import.meta.dirname, '../../..');

/** A site with a data folder and an empty plugin folder. */
export async function site(t: TestContext): Promise<{ dir: string; config: string; plugins: string; dataDir: string }> {
  const dir = await tempDir(t);
  const plugins = join(dir, 'plugins');
  await mkdir(plugins);
  const config = join(dir, 'gateway.yaml');
  await writeFile(config, 'dataDir: data\nplugins: { dir: plugins }\n');
  return { dir, config, plugins, dataDir: join(dir, 'data') };
}

/** One replacement in one file of the candidate. */
export type Edit = readonly [file: string, from: string, to: string];

/**
 * The shipped Tasmota plugin as a vendor would hand it in: it names the plugin API as a package, and brings recorded
 * payloads as fixtures.
 */
export async function tasmotaCandidate(dir: string, version: string, edits: readonly Edit[] = []): Promise<string> {
  const folder = join(dir, `candidate-${version}`);
  await cp(join(repository, 'plugins/tasmota'), folder, {
    recursive: true,
    filter: (path) => !path.endsWith('.test.ts'),
  });
  await mkdir(join(folder, 'fixtures'));
  await cp(join(repository, 'test/fixtures/payloads/tasmota.jsonl'), join(folder, 'fixtures/tasmota.jsonl'));
  for (const name of await readdir(folder)) {
    if (name.endsWith('.ts')) await edit(join(folder, name), "'../../contracts/index.ts'", "'@portcullis/contracts'");
  }
  await edit(join(folder, 'package.json'), '0.1.0', version);
  await edit(join(folder, 'plugin.yaml'), '0.1.0', version);
  for (const [file, from, to] of edits) {
    const text = await readFile(join(folder, file), 'utf8');
    if (!text.includes(from)) throw new Error(`${file} does not hold ${from}`);
    await edit(join(folder, file), from, to);
  }
  return folder;
}

async function edit(path: string, from: string, to: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replaceAll(from, to));
}

export async function packed(folder: string): Promise<string> {
  const key = readPrivateKey(generateSigner().privatePem);
  if (key === undefined) throw new Error('no key');
  const { name, bytes } = packBundle(await readSourceTree(folder), { id: 'vendor', key, at: new Date() });
  const path = join(folder, '..', name);
  await writeFile(path, bytes);
  return path;
}
