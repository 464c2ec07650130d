import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PacketGuard } from '../../../../gateway/transports/mqtt/packet-guard.ts';
import { defaultLimits } from '../../../../gateway/transports/mqtt/options.ts';
import { connectPacket, pingreq, publishPacket } from './packets.ts';

function openGuard(): PacketGuard {
  const guard = new PacketGuard(defaultLimits);
  assert.deepEqual(guard.take(connectPacket(), 100).ready, connectPacket());
  return guard;
}

/** Everything that the guard makes of a chunk, the rest offered again, as the bytes that were sent. */
function passedOf(guard: PacketGuard, chunk: Buffer, budget = 1000): Buffer {
  const passed: Buffer[] = [];
  for (let left: Buffer | null = chunk; left !== null;) {
    const { publishes, ready, rest, fault } = guard.take(left, budget);
    assert.equal(fault, undefined);
    assert.ok(rest === null || rest.length < left.length, 'each turn takes something');
    passed.push(...publishes.map((publish) => publishPacket(publish)), ready ?? Buffer.alloc(0));
    left = rest;
  }
  return Buffer.concat(passed);
}

test('whole packets pass unchanged and in order however the bytes are cut', () => {
  const payload = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes));
  const packets = fc.array(
    fc.oneof(
      fc.constant(pingreq),
      fc
        .tuple(fc.constantFrom(0, 1, 2), fc.boolean(), payload)
        .map(([qos, retain, bytes]) => publishPacket({ qos, retain, payload: bytes, topic: `ä/${bytes.length}` })),
    ),
    { minLength: 1, maxLength: 12 },
  );
  fc.assert(
    fc.property(packets, fc.array(fc.integer({ min: 1, max: 97 }), { minLength: 1, maxLength: 9 }), (sent, cuts) => {
      const guard = openGuard();
      const stream = Buffer.concat(sent);
      const passed: Buffer[] = [];
      for (let at = 0, turn = 0; at < stream.length; turn++) {
        const size = cuts[turn % cuts.length]!;
        passed.push(passedOf(guard, stream.subarray(at, at + size)));
        at += size;
      }
      assert.deepEqual(Buffer.concat(passed), stream);
    }),
  );
});

test('a publish of QoS 0 or 1 is read, one of QoS 2 passes as bytes', () => {
  const taken = openGuard().take(
    Buffer.concat([
      publishPacket({ topic: 'a/ä', payload: 'zero', retain: true }),
      publishPacket({ topic: 'b', payload: '', qos: 1, messageId: 515 }),
      publishPacket({ qos: 2, messageId: 7 }),
    ]),
    10,
  );
  assert.deepEqual(taken.publishes, [
    { topic: 'a/ä', payload: Buffer.from('zero'), qos: 0, retain: true, messageId: 0 },
    { topic: 'b', payload: Buffer.alloc(0), qos: 1, retain: false, messageId: 515 },
  ]);
  assert.deepEqual(taken.ready, publishPacket({ qos: 2, messageId: 7 }));
});

test('a publish does not overtake what came before it', () => {
  const guard = openGuard();
  const one = publishPacket({ qos: 1 });
  const { publishes, ready, rest } = guard.take(Buffer.concat([one, pingreq, one]), 10);
  assert.deepEqual([publishes.length, ready, rest], [1, pingreq, one]);
});

test('payloads and whole packets pass as views of their chunk', () => {
  const chunk = Buffer.concat([publishPacket({ payload: Buffer.alloc(1000) }), publishPacket({ qos: 2 })]);
  const { publishes, ready } = openGuard().take(chunk, 2);
  assert.deepEqual([publishes[0]?.payload.buffer, ready?.buffer], [chunk.buffer, chunk.buffer]);
});

for (const qos of [1, 2] as const) {
  test(`no more PUBLISH packets of QoS ${qos} pass than the budget, and the rest comes back`, () => {
    const one = publishPacket({ qos });
    const { publishes, ready, rest } = openGuard().take(Buffer.concat([one, one, one]), 2);
    assert.deepEqual(qos === 1 ? publishes.length : ready, qos === 1 ? 2 : Buffer.concat([one, one]));
    assert.deepEqual(rest, one);
  });
}

test('CONNECT passes alone', () => {
  const guard = new PacketGuard(defaultLimits);
  const { ready, rest } = guard.take(Buffer.concat([connectPacket(), pingreq]), 10);
  assert.deepEqual([ready, rest], [connectPacket(), pingreq]);
});

test('an oversized packet is refused at its fixed header', () => {
  assert.equal(openGuard().take(Buffer.from('3080808008', 'hex'), 10).fault, 'packet-size');
});

test('a remaining length of five bytes is refused', () => {
  assert.equal(openGuard().take(Buffer.from('30ffffffff01', 'hex'), 10).fault, 'remaining-length');
});

test('the largest allowed packet passes byte by byte in linear time', () => {
  const guard = openGuard();
  const largest = publishPacket({ payload: Buffer.alloc(defaultLimits.maxPacketBytes - 5) });
  let sizes: number[] = [];
  for (let at = 0; at < largest.length; at++) {
    sizes = guard.take(largest.subarray(at, at + 1), 1).publishes.map(({ payload }) => payload.length);
  }
  assert.deepEqual(sizes, [defaultLimits.maxPacketBytes - 5]);
});
