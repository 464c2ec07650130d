import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fence } from '../../../../contracts/fence.ts';
import type { GatewayEpoch } from '../../../../contracts/passport.ts';
import { EpochWatch, holderOf, type EpochTopic } from '../../../../gateway/delivery/kafka/epoch-watch.ts';

const instance = (letter: string): string => letter.repeat(16);

/** A topic in memory that several gateways share, and one gateway before it. */
function setUp() {
  const claims: GatewayEpoch[] = [];
  let looks = 0;
  const topic: EpochTopic = {
    end: async () => BigInt(claims.length),
    claims: async () => {
      looks += 1;
      return [...claims];
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const gateway = (epoch: number, letter: string) => {
    const identity = { epoch, instance: instance(letter) };
    const raised = new AbortController();
    const told: unknown[] = [];
    const fence: Fence = {
      gateway: 'attic',
      identity,
      signal: raised.signal,
      raise: (by, epoch) => {
        told.push([by, epoch]);
        raised.abort();
      },
    };
    let now = 0;
    const watch = new EpochWatch(topic, fence, () => now);
    const look = (): Promise<boolean> => {
      // Whatever the watch waits for after a claim is over at once.
      const waited = new AbortController();
      waited.abort();
      return watch.isOurs(async () => void claims.push(identity), waited.signal);
    };
    return { look, told, pass: (ms: number) => (now += ms) };
  };
  return { claims, gateway, looks: () => looks };
}

test('the highest epoch holds a name, and of one epoch the first that claimed it', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((letter, n) => ({ epoch: n === 0 ? 1 : 2, instance: instance(letter) }));
  assert.ok(a && b && c);
  assert.equal(holderOf([a, b, c]), b);
  assert.equal(holderOf([c, b, a]), c);
  assert.equal(holderOf([]), undefined);
});

test('a gateway claims its name once, and reads the topic again only when something was added', async () => {
  const { claims, gateway, looks } = setUp();
  const one = gateway(1, 'a');
  assert.equal(await one.look(), true);
  const read = looks();
  for (let n = 0; n < 3; n++) {
    one.pass(6_000);
    assert.equal(await one.look(), true);
  }
  assert.equal(looks(), read);
  assert.equal(claims.length, 1);
});

test('a newer gateway waits before it writes, and the older one is shut out at its next look', async () => {
  const { gateway } = setUp();
  const old = gateway(1, 'a');
  await old.look();
  const restored = gateway(2, 'b');
  await assert.rejects(restored.look(), { name: 'AbortError' });
  restored.pass(10_000);
  assert.equal(await restored.look(), true);
  assert.equal(await old.look(), true, 'it looked a moment ago');
  old.pass(5_000);
  assert.equal(await old.look(), false);
  assert.deepEqual(old.told, [['kafka', 2]]);
  assert.equal(await old.look(), false);
});

test('a second copy of one passport is shut out, and what stands last is the claim of the first', async () => {
  const { claims, gateway } = setUp();
  const first = gateway(2, 'a');
  await first.look();
  const second = gateway(2, 'b');
  assert.equal(await second.look(), false);
  assert.deepEqual(second.told, [['kafka', 2]]);
  // Both claimed at the same moment: compaction would leave the second.
  claims.push({ epoch: 2, instance: instance('b') });
  first.pass(5_000);
  assert.equal(await first.look(), true);
  assert.equal(claims.at(-1)?.instance, instance('a'));
});
