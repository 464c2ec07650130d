import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { cli } from '../harness/cli.ts';
import { entry, measurement, open, tempDir } from '../unit/buffer/buffer-fixture.ts';

interface Ended {
  readonly code: number | null;
  readonly said: string;
}

/** One command to its end; `reads` is false for somebody who closes the output at once. */
async function run(args: readonly string[], { reads = true } = {}): Promise<Ended> {
  const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  if (reads) child.stdout.resume();
  else child.stdout.destroy();
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit') as Promise<[number | null]>]);
  return { code, said };
}

test('a command whose output nobody reads any more ends, and that is no fault', async (t) => {
  const dir = await tempDir(t);
  const buffer = await open(t, dir);
  await buffer.append(entry(...Array.from({ length: 500 }, (_, i) => measurement('d1', i))));
  assert.deepEqual(await run(['buffer', 'export', '--data', dir], { reads: false }), { code: 0, said: '' });
});

test('a device or folder that does not exist is not taken for an empty one', async (t) => {
  const dir = await tempDir(t);
  const buffer = await open(t, dir);
  await buffer.append(entry(measurement('d1', 1)));
  assert.equal((await run(['ledger', '--device', 'd1', '--data', dir])).code, 0);
  const typo = { code: 1, said: 'portcullis: The ledger knows no device "d2".\n' };
  assert.deepEqual(await run(['ledger', '--device', 'd2', '--data', dir]), typo);
  const missing = join(dir, 'missing');
  const noFolder = { code: 66, said: `portcullis: There is no folder ${missing}.\n` };
  assert.deepEqual(await run(['first-boot', missing]), noFolder);
  assert.deepEqual(await run(['update', 'judge', '--root', missing]), noFolder);

  const config = join(dir, 'portcullis.yaml');
  await writeFile(config, JSON.stringify({ dataDir: dir, plugins: { dir: missing } }));
  const noPlugins = `portcullis: The plugin folder ${missing} cannot be read. Make it, or correct plugins.dir.\n`;
  assert.deepEqual(await run(['plugin', 'list', '--config', config]), { code: 66, said: noPlugins });
});

test('a file that cannot be made is told before the work', async (t) => {
  const dir = await tempDir(t);
  const there = join(dir, 'there');
  await writeFile(there, 'kept');
  const passport = (file: string) => run(['passport', 'make', file, '--data', dir, '--passphrase-file', there]);
  const history = (file: string) =>
    run(['history', 'export', '--config', there, '--format', 'csv', '--from', '24h', '--out', file]);
  const says = (what: string): Ended => ({ code: 64, said: `portcullis: ${what}.\n` });

  const missing = join(dir, 'missing/x');
  const noFolder = says(`${missing} cannot be made: the folder ${join(dir, 'missing')} does not exist`);
  assert.deepEqual(await passport(missing), noFolder);
  assert.deepEqual(await history(missing), noFolder);
  assert.deepEqual(await history(dir), says(`${dir} is a folder: name a file in it`));
  assert.deepEqual(await passport(there), says(`${there} is there already, and nothing is overwritten`));
});

test('what is no YAML is told with its line and nothing else', async (t) => {
  const file = join(await tempDir(t), 'broken.yaml');
  await writeFile(file, 'id: a\nwhen: { metric: x\nid: b\n');
  for (const args of [
    ['rules', 'check', file],
    ['place', 'apply', file],
  ]) {
    const { code, said } = await run([...args, '--config', 'none.yaml']);
    assert.equal(code, 78);
    assert.match(said, /^portcullis: \S+ is no YAML:\n(?: {2}line \d: [^\n^]+\n)+$/);
  }
});

for (const [args, name] of [
  [['twin', 'set', 'd1', 'switch.state=on', '--if-version', 'abc'], '--if-version <n>'],
  [['command', 'send', 'd1', 'switch', '--ttl', '-5'], '--ttl <milliseconds>'],
  [['token', 'add', 'grafana', '--days', '0x10'], '--days <days>'],
  [['alarm', 'shelve', 'a1', 'abc'], 'minutes'],
] as const) {
  test(`a number that is none is told by the name that it has on the command line: ${name}`, async () => {
    const { code, said } = await run([...args, '--config', 'none.yaml']);
    assert.equal(code, 64);
    assert.ok(said.includes(`'${name}'`) && said.includes('It is a whole number from'), said);
  });
}
