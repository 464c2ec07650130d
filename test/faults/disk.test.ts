import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { compileShim } from '../harness/shim.ts';
import { randomFrom } from './harness/random.ts';
import { readDiskLog, type Change } from './power-cut/disk-log.ts';
import { Disk, fates, type Fate } from './power-cut/disk.ts';

function afterCut(changes: readonly Change[], fate: Fate, seed: number): Record<string, string> {
  const disk = new Disk();
  for (const change of changes) disk.apply(change);
  return leftOn(disk, fate, seed);
}

function leftOn(disk: Disk, fate: Fate, seed: number): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-disk-'));
  disk.writeTo(folder, fate, randomFrom(seed));
  const found = Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'latin1')]),
  );
  rmSync(folder, { recursive: true });
  return found;
}

const write = (path: string, offset: number, text: string): Change => ({
  is: 'write',
  path,
  offset,
  data: Buffer.from(text),
});
const made: readonly Change[] = [
  { is: 'create', path: 'a' },
  write('a', 0, 'safe'),
  { is: 'sync', path: 'a' },
  { is: 'sync', path: '' },
];
const seeds = Array.from({ length: 40 }, (_, seed) => seed);

test('what was synced is there after a cut, whatever becomes of the rest', () => {
  for (const fate of fates) {
    for (const seed of seeds) assert.match(afterCut([...made, write('a', 4, 'more')], fate, seed)['a'] ?? '', /^safe/);
  }
});

test('what was not synced may be gone: data, a new name, a change of name', () => {
  assert.deepEqual(afterCut([...made, write('a', 0, 'lost')], 'dropped', 1), { a: 'safe' });
  assert.deepEqual(afterCut([...made, { is: 'create', path: 'b' }], 'dropped', 1), { a: 'safe' });
  assert.deepEqual(afterCut([...made, { is: 'rename', path: 'a', to: 'b' }], 'dropped', 1), { a: 'safe' });
  assert.deepEqual(afterCut([...made, { is: 'rename', path: 'a', to: 'b' }], 'kept', 1), { b: 'safe' });
});

test('the sync of a new file alone does not save its name', () => {
  assert.deepEqual(afterCut(made.slice(0, 3), 'dropped', 1), {});
});

test('where any sync saves names, as in the journal of ext4, it saves those of before', () => {
  const disk = new Disk('any sync');
  const replaced: readonly Change[] = [
    { is: 'create', path: 'new' },
    write('new', 0, 'safe'),
    { is: 'sync', path: 'new' },
    { is: 'rename', path: 'new', to: 'a' },
  ];
  for (const change of replaced) disk.apply(change);
  assert.deepEqual(leftOn(disk, 'dropped', 1), { new: 'safe' });
  disk.apply({ is: 'create', path: 'other' });
  disk.apply({ is: 'sync', path: 'other' });
  assert.deepEqual(leftOn(disk, 'dropped', 1), { a: 'safe', other: '' });
});

test('what a program writes through streams is in the log as it comes to the disk, in front of its sync', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-streams-'));
  try {
    const [program, log, file] = [join(folder, 'program'), join(folder, 'log'), join(folder, 'disk/file')];
    mkdirSync(join(folder, 'disk'));
    const source = `#include <stdio.h>
      #include <unistd.h>
      int main() {
        FILE *file = fopen("${file}", "wb");
        fputs("one", file); fflush(file); fsync(fileno(file));
        fputs("two", file); fclose(file);
        file = fopen("${file}.lost", "wb");
        for (int i = 0; i < 3000; i++) fputs("three", file);
        _exit(0);
      }`;
    execFileSync('g++', ['-x', 'c', '-', '-o', program], { input: source });
    const shim = compileShim(join(import.meta.dirname, '../shims/disk-log.c'));
    const env = { LD_PRELOAD: shim, DISK_LOG_FILE: log, DISK_LOG_FOLDER: join(folder, 'disk') };
    execFileSync(program, { env });
    const changes = readDiskLog(readFileSync(log), join(folder, 'disk')).map(({ change }) => change);
    assert.deepEqual(changes.slice(0, 5), [
      { is: 'create', path: 'file' },
      write('file', 0, 'one'),
      { is: 'sync', path: 'file' },
      write('file', 3, 'two'),
      { is: 'create', path: 'file.lost' },
    ]);
    const logged = changes.slice(5).map((change) => ('data' in change ? change.data.toString() : change.is));
    assert.ok(logged.length > 0);
    assert.equal(logged.join(''), readFileSync(`${file}.lost`, 'utf8'), 'what was not flushed, but came to the disk');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('unsynced writes may come in any order, and may be torn at a sector', () => {
  const two = [...made, write('a', 4, 'X'), write('a', 5, 'Y')];
  const reordered = new Set(seeds.map((seed) => afterCut(two, 'reordered', seed)['a']));
  assert.deepEqual(reordered, new Set(['safe', 'safeX', 'safeXY', 'safe\0Y']));
  const long = [...made, write('a', 0, '#'.repeat(1_024))];
  const torn = new Set(seeds.map((seed) => afterCut(long, 'torn', seed)['a']));
  assert.ok(torn.has(`safe${'\0'.repeat(508)}${'#'.repeat(512)}`), 'the second sector without the first');
  assert.ok(torn.has('#'.repeat(512)), 'the first sector without the second');
});

test('a truncation that was not synced may not have happened, and one that was has', () => {
  const cut: readonly Change[] = [...made, { is: 'truncate', path: 'a', size: 1 }];
  assert.deepEqual(afterCut(cut, 'dropped', 1), { a: 'safe' });
  assert.deepEqual(afterCut([...cut, { is: 'sync', path: 'a' }], 'dropped', 1), { a: 's' });
  assert.deepEqual(afterCut([...cut, write('a', 3, '!')], 'kept', 1), { a: 's\0\0!' });
});
