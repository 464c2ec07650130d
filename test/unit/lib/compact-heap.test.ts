import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInThisContext } from 'node:vm';
import { compactHeap } from '../../../gateway/lib/compact-heap.ts';

/** Functions that are compiled when they are first called, as those of a program that is starting. */
function functionsOf(count: number): ((value: number) => number)[] {
  const body = Array.from({ length: 200 }, (_, i) => `value = value * ${i + 2}.5 + ${i};`).join(' ');
  const list = Array.from({ length: count }, (_, i) => `function (value) { ${body} return value + ${i}; }`);
  return runInThisContext(`[${list.join(',\n')}]`) as ((value: number) => number)[];
}

const usedBytes = (): number => process.memoryUsage().heapUsed;

test('what was compiled and will hardly run again is let go, and is compiled again when it does', () => {
  const functions = functionsOf(500);
  const results = (): number[] => functions.map((run) => run(1));
  const first = results();
  compactHeap();
  const before = usedBytes();
  assert.deepEqual(results(), first);
  const compiled = usedBytes() - before;
  assert.ok(compiled > 1_000_000, `${compiled} bytes`);
});
