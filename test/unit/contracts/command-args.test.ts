import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coverArgs, lightArgs, localId, outbound } from '../../../contracts/command-args.ts';

test('a light that is asked for nothing is refused, not switched on', () => {
  assert.equal(lightArgs().safeParse({}).success, false);
  assert.equal(lightArgs().safeParse({ ep: 'left' }).success, false);
  assert.equal(lightArgs().safeParse({ on: false }).success, true);
});

test('a cover takes a position or a word, never both', () => {
  assert.equal(coverArgs().safeParse({ position: 30 }).success, true);
  assert.equal(coverArgs().safeParse({ do: 'stop', ep: '1' }).success, true);
  for (const wrong of [{}, { position: 30, do: 'stop' }, { position: 101 }, { do: 'toggle' }]) {
    assert.equal(coverArgs().safeParse(wrong).success, false);
  }
});

test('a command goes only to a topic that may be published to', () => {
  assert.deepEqual(outbound('cmnd/a/POWER', 'ON'), { topic: 'cmnd/a/POWER', payload: 'ON', qos: 1 });
  for (const topic of [undefined, '', 'a/+', 'a/#', 'a\0']) {
    assert.throws(() => outbound(topic, ''), { code: 'COMMAND_INVALID' });
  }
  assert.equal(localId('z2m:0x01'), '0x01');
  assert.throws(() => localId('shelly:'), { code: 'COMMAND_INVALID' });
});
