import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { bundle } from '../../scripts/bundle.ts';

type Files = Readonly<Record<string, string>>;

const programs: Files = {
  'gateway/cli.js':
    "import { place } from './lib/place.js';\nimport { word } from 'acme';\nconsole.log(JSON.stringify([place, word]));",
  'gateway/passport-process.js': "import '../contracts/index.js';",
  'gateway/cli/contract-process.js': '',
  'gateway/hosting/admission-process.js': "import '../admission/decide.js';",
  'gateway/hosting/install-process.js': '',
  'gateway/buffer/writer.js': 'export const { filename } = import.meta;',
  'gateway/history/follower.js': '',
  'gateway/admission/decide.js': 'export const decided = 1;',
  'gateway/cells/nursery-process.js': "import '../lib/shared.js';",
  'gateway/lib/shared.js': 'export const shared = 1;',
  'gateway/lib/nobodys.js': 'export const unused = 1;',
  'gateway/lib/place.js':
    "export const place = [import.meta.dirname, import.meta.filename, new URL('../a.json', import.meta.url).pathname];",
  'contracts/index.js': 'export const api = 1;',
};

/** A compiled gateway of a few lines, below a package of its own, laid out; both in a folder of this test. */
async function layOut(t: TestContext, changed: Files = {}, acme = "export const word = '→';"): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-bundle-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const compiled = mkdtempSync(join(made(folder, 'node_modules/.cache'), 'compiled-'));
  const write = (file: string, text: string): void =>
    writeFileSync(join(made(dirname(file)), file.slice(dirname(file).length + 1)), text);
  for (const [file, text] of Object.entries({ ...programs, ...changed })) write(join(compiled, file), text);
  write(join(folder, 'node_modules/acme/package.json'), '{ "name": "acme", "main": "index.js", "type": "module" }');
  write(join(folder, 'node_modules/acme/index.js'), acme);
  await bundle(compiled, join(folder, 'dist'));
  return join(folder, 'dist');
}

function made(...way: readonly string[]): string {
  const folder = join(...way);
  mkdirSync(folder, { recursive: true });
  return folder;
}

const filesOf = (dist: string): Files =>
  Object.fromEntries(
    globSync('**/*', { cwd: dist, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .toSorted()
      .map((file) => [file.slice(dist.length + 1), readFileSync(file, 'utf8')]),
  );

test('a module still knows its place in the tree, from wherever the tree is put', async (t) => {
  const dist = await layOut(t);
  const said: unknown = JSON.parse(execFileSync(process.execPath, [join(dist, 'gateway/cli.js')]).toString());
  assert.deepEqual(said, [
    [join(dist, 'gateway/lib'), join(dist, 'gateway/lib/place.js'), join(dist, 'gateway/a.json')],
    '→',
  ]);
  assert.doesNotMatch(Object.values(filesOf(dist)).join('\n'), /[\u0100-\uffff]/, 'V8 keeps a wide text in two bytes');
});

test('two builds are the same to the byte, and neither tells where it was compiled', async (t) => {
  const [one, two] = [filesOf(await layOut(t)), filesOf(await layOut(t))];
  assert.deepEqual(one, two);
  assert.doesNotMatch(Object.values(one).join('\n'), /compiled-|portcullis-bundle-/);
});

test('what the gateway does not start by itself stays as compiled, with what it imports; the rest has gone into its programs', async (t) => {
  const { 'gateway/admission/SHA256SUMS': sums, ...files } = filesOf(await layOut(t));
  assert.match(sums ?? '', /^[0-9a-f]{64} {2}decide\.js\n$/);
  assert.equal(files['gateway/lib/shared.js'], programs['gateway/lib/shared.js']);
  assert.deepEqual(
    Object.keys(files).filter((file) => !file.startsWith('gateway/chunks/')),
    Object.keys(programs)
      .filter((file) => !/place|nobodys|decide/.test(file))
      .toSorted(),
  );
});

test('another checker has other sums', async (t) => {
  const sums = async (changed?: Files): Promise<string | undefined> =>
    filesOf(await layOut(t, changed))['gateway/admission/SHA256SUMS'];
  assert.notEqual(await sums(), await sums({ 'gateway/admission/decide.js': 'export const decided = 2;' }));
});

test('an error is told with a line of its own, in a file that names the module above it', async (t) => {
  const acme = 'export const word = 1;\nfunction foolish() {\n  throw new Error("foolish");\n}\nsetTimeout(foolish);';
  const cli = join(await layOut(t, {}, acme), 'gateway/cli.js');
  assert.throws(
    () => execFileSync(process.execPath, [cli], { stdio: 'pipe' }),
    /\n\tthrow new Error\("foolish"\);\n.*\n\nError: foolish\n {4}at [\w.]*foolish/,
  );
  assert.match(readFileSync(cli, 'utf8'), /\/\/ (?:\.\.\/)+acme\/index\.js\n[^/]*foolish/);
});

for (const [why, acme, sentence] of [
  [
    'asks for its own place',
    'export const word = import.meta.dirname;',
    /acme\/index\.js asks for its own place \(import\.meta\.dirname\)/,
  ],
  ['has a folder in CommonJS', 'module.exports = { word: __dirname };', /asks for its own place \(__dirname\)/],
  ['is not there', "export { word } from 'not-installed';", /not-installed/],
  ['has a wide character in raw text', 'export const word = String.raw`→`;', /beyond Latin-1 in raw text/],
] as const) {
  test(`a package that ${why} ends the build with a sentence`, async (t) => {
    await assert.rejects(layOut(t, {}, acme), sentence);
  });
}
