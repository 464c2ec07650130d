import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { listen } from '../../../gateway/observability/channels.ts';
import { knowledgeBook } from '../../../gateway/preprocess/knowledge.ts';
import type { Change } from '../../../gateway/preprocess/task.ts';
import { threadKnowledge } from '../../../gateway/preprocess/thread-knowledge.ts';

const set = (key: string, value: unknown): Change => ({ plugin: 0, key, json: JSON.stringify(value) });

test('over its bound a plugin forgets what is oldest, in memory, in the threads and on disk', () => {
  const dropped: unknown[] = [];
  using _listening = listen('dropped', (event) => dropped.push(event));
  const book = knowledgeBook(['house'], 30);
  const thread = threadKnowledge(1);
  book.heard(1, 0);
  for (const key of ['a', 'b', 'c', 'd']) book.learn([set(key, 'x'.repeat(8))]);
  assert.equal(thread.update(book.briefing()), true);
  assert.deepEqual([...thread.of(0).keys()], ['c', 'd']);
  assert.deepEqual(dropped, [
    { stage: 'preprocess', reason: 'knowledge-full', count: 1 },
    { stage: 'preprocess', reason: 'knowledge-full', count: 1 },
  ]);
  assert.deepEqual(book.takeUnsaved(), [
    { plugin: 0, key: 'a' },
    { plugin: 0, key: 'b' },
  ]);
});

test('a thread that is too far behind says so, and everything brings it up to date', () => {
  const book = knowledgeBook(['house'], 1e6);
  const current = threadKnowledge(1);
  const behind = threadKnowledge(1);
  book.learn([set('gone', 1)]);
  behind.update(book.briefing());
  for (let n = 0; n < 70; n++) book.learn([n === 3 ? { plugin: 0, key: 'gone' } : set(`k${n}`, n)]);
  book.heard(7, book.version);
  assert.equal(behind.update(book.briefing()), false);
  assert.equal(behind.update(book.briefing(true)), true);
  current.update(book.briefing(true));
  assert.deepEqual(behind.of(0), current.of(0));
  assert.equal(behind.of(0).has('gone'), false);
});

test('threads that hear briefings at any time agree with a thread that hears all', () => {
  const lesson = fc.record({ key: fc.constantFrom('a', 'b', 'c'), json: fc.constantFrom('1', '2', undefined) });
  const step = fc.record({ lessons: fc.array(lesson, { maxLength: 3 }), hears: fc.constantFrom(0, 1, 2) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150 }), (stepsTaken) => {
      const book = knowledgeBook(['house'], 1e6);
      const threads = [threadKnowledge(1), threadKnowledge(1), threadKnowledge(1)] as const;
      for (const { lessons, hears } of stepsTaken) {
        book.learn(
          lessons.map(({ key, json }) => (json === undefined ? { plugin: 0, key } : { plugin: 0, key, json })),
        );
        const thread = threads[hears];
        if (!thread.update(book.briefing())) assert.ok(thread.update(book.briefing(true)));
        book.heard(hears, thread.version);
        assert.equal(thread.version, book.version);
        const all = threadKnowledge(1);
        all.update(book.briefing(true));
        assert.deepEqual(new Map(thread.of(0)), new Map(all.of(0)));
      }
    }),
  );
});
