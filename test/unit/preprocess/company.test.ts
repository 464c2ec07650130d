import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { awaitCompany } from '../../../gateway/preprocess/company.ts';

function openRig(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let now = 0;
  const queue: string[] = [];
  let ends = 0;
  const company = awaitCompany({
    most: 64,
    queued: () => queue.length,
    onEnd: () => (ends += 1),
    nowMs: () => now,
  });
  return {
    get ends() {
      return ends;
    },
    areExpected: () => company.areExpected(),
    pass: (ms: number): void => {
      // One by one: a timer that another one sets begins where the step ends.
      for (let passed = 0; passed < ms; passed++) {
        now += 1;
        t.mock.timers.tick(1);
      }
    },
    answer: (...answered: string[]): void => company.ended({ answered, tookMs: 1, isQuiet: true }),
    come: (...clients: string[]): void => {
      queue.push(...clients);
      for (const client of clients) company.came(client);
    },
    takeAll: (): string[] => queue.splice(0),
  };
}

/** A second in which so many messages come, each of a client of its own that comes once; at its end nothing waits. */
function busySecond({ areExpected, pass, answer, come, takeAll }: ReturnType<typeof openRig>, messages: number): void {
  for (let n = 0; n < messages; n++) {
    come(`b${n}`);
    pass(1_000 / messages);
    if (!areExpected()) answer(...takeAll());
  }
  while (areExpected()) pass(1);
  takeAll();
}

test('where messages are a crowd, the next batch waits 10 ms for whoever comes', (t) => {
  const one = openRig(t);
  busySecond(one, 500);
  one.answer('a');
  one.come('x', 'y', 'z');
  one.pass(9);
  assert.equal(one.areExpected(), true);
  const { ends } = one;
  one.pass(1);
  assert.deepEqual([one.areExpected(), one.ends], [false, ends + 1]);
});

test('where they are few, one that speaks alone waits for nobody', (t) => {
  const one = openRig(t);
  busySecond(one, 200);
  one.answer('a');
  assert.equal(one.areExpected(), false);
});

test('a crowd is over when nobody speaks any more', (t) => {
  const one = openRig(t);
  busySecond(one, 1_000);
  one.pass(1_000);
  one.answer('a');
  assert.equal(one.areExpected(), false);
});

test('a crowd that waits for its answers is kept waiting no longer than until it came again', (t) => {
  const one = openRig(t);
  busySecond(one, 1_000);
  one.answer('a', 'b', 'b');
  one.come('a', 'b', 'x');
  assert.equal(one.areExpected(), true, 'one of b is on its way');
  one.come('b');
  assert.equal(one.areExpected(), false);
});

test('most of a crowd that came again do not wait for the rest', (t) => {
  const one = openRig(t);
  busySecond(one, 1_000);
  one.answer('a', 'b', 'c');
  one.come('a', 'b');
  one.pass(2);
  assert.equal(one.areExpected(), false);
});

test('as many as are company enough wait for nobody', (t) => {
  const one = openRig(t);
  busySecond(one, 1_000);
  one.answer('a');
  one.come(...Array.from({ length: 64 }, (_, n) => `x${n}`));
  assert.equal(one.areExpected(), false);
});
