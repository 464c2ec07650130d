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

test('whole packets pass unchanged however the bytes are cut', () => {
  const packets = fc.array(
    fc.oneof(
      fc.constant(pingreq),
      fc.uint8Array({ maxLength: 400 }).map((bytes) => publishPacket({ qos: 1, payload: Buffer.from(bytes) })),
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
        const { ready, rest, fault } = guard.take(stream.subarray(at, at + size), 1000);
        assert.equal(fault, undefined);
        assert.equal(rest, null);
        if (ready !== null) passed.push(ready);
        at += size;
      }
      assert.deepEqual(Buffer.concat(passed), stream);
    }),
  );
});

test('a whole packet passes as a view of its chunk', () => {
  const chunk = publishPacket({ payload: Buffer.alloc(1000) });
  assert.equal(openGuard().take(chunk, 1).ready?.buffer, chunk.buffer);
});

test('no more PUBLISH packets pass than the budget, and the rest comes back', () => {
  const guard = openGuard();
  const one = publishPacket({ qos: 1 });
  const { ready, rest } = guard.take(Buffer.concat([one, pingreq, one, one]), 2);
  assert.deepEqual(ready, Buffer.concat([one, pingreq, one]));
  assert.deepEqual(rest, one);
});

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
  let passed: Buffer | null = null;
  for (let at = 0; at < largest.length; at++) passed = guard.take(largest.subarray(at, at + 1), 1).ready;
  assert.deepEqual(passed, largest);
});
