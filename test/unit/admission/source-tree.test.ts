import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { readSourceTree, treeHash } from '../../../gateway/admission/source-tree.ts';
import { contentStore } from '../../../gateway/admission/store.ts';

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'tree-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}
const files = (entries: Record<string, string>) => ({
  files: new Map(Object.entries(entries).map(([path, text]) => [path, Buffer.from(text)])),
  links: new Map<string, string>(),
});

test('reads files and lists links without following them', async (t) => {
  const root = await folder(t);
  await mkdir(join(root, 'lib'));
  await writeFile(join(root, 'lib/a.js'), 'export {}');
  await symlink('/etc/passwd', join(root, 'secret'));
  await symlink('lib', join(root, 'alias'));
  const tree = await readSourceTree(root);
  assert.deepEqual([...tree.files.keys()], ['lib/a.js']);
  assert.deepEqual(Object.fromEntries(tree.links), { alias: 'lib', secret: '/etc/passwd' });
});

test('a folder that is a link, or is not there, is not read', async (t) => {
  const root = await folder(t);
  await symlink('/etc', join(root, 'plugin'));
  await assert.rejects(readSourceTree(join(root, 'plugin')), { code: 'FILE_UNREADABLE' });
  await assert.rejects(readSourceTree(join(root, 'none')), { code: 'FILE_UNREADABLE' });
});

test('the hash depends on names, contents and links, not on their order, and no name forges a line', () => {
  const hash = treeHash(files({ a: '1', b: '2' }));
  assert.equal(treeHash(files({ b: '2', a: '1' })), hash);
  assert.notEqual(treeHash(files({ a: '2', b: '1' })), hash);
  assert.notEqual(treeHash({ ...files({ a: '1', b: '2' }), links: new Map([['c', 'a']]) }), hash);
  assert.notEqual(treeHash(files({ 'a"\nb': '1' })), treeHash(files({ a: '1', b: '1' })));
});

test('the store keeps the checked bytes when the plugin is swapped afterwards', async (t) => {
  const [source, shelf] = [await folder(t), await folder(t)];
  await writeFile(join(source, 'plugin.js'), 'export const value = 1;');
  const stored = await contentStore(shelf).put(await readSourceTree(source));
  await writeFile(join(source, 'plugin.js'), 'export const value = 2;');
  const module = (await import(join(stored, 'plugin.js'))) as { value: number };
  assert.equal(module.value, 1);
});

test('a stored tree that was changed, or given one file more, is refused with PC-I101', async (t) => {
  const shelf = await folder(t);
  const store = contentStore(shelf);
  const tree = files({ 'plugin.js': 'export const value = 1;', 'lib/a.js': '' });
  const stored = await store.put(tree);
  assert.equal(await store.open(treeHash(tree)), stored);
  assert.equal(await store.put(tree), stored);
  await rm(join(stored, 'plugin.js'));
  await writeFile(join(stored, 'plugin.js'), 'export const value = 2;');
  await assert.rejects(store.open(treeHash(tree)), { code: 'PLUGIN_TAMPERED', message: /PC-I101/ });
  await assert.rejects(store.put(tree), { code: 'PLUGIN_TAMPERED' });
  await assert.rejects(store.open('../../etc'), { code: 'FILE_UNREADABLE' });
});
