import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listen } from '../../../../gateway/observability/channels.ts';
import type { SerialDevice } from '../../../../gateway/transports/serial/device.ts';
import type { Feed } from '../../../../gateway/transports/feed.ts';
import type { Framing } from '../../../../gateway/transports/serial/framing.ts';
import { linePort } from '../../../../gateway/transports/serial/line-port.ts';
import { serialLimits } from '../../../../gateway/transports/serial/options.ts';
import { handClock } from '../../buffer/buffer-fixture.ts';
import { portAt } from './serial-rig.ts';

const lines = { as: 'delimiter', delimiter: Buffer.from('\n') } as const;
const device = { pause: () => undefined, resume: () => undefined } as unknown as SerialDevice;

/** A port without a line, with what it took and how many messages it told as torn. */
function portOf(framing: Framing) {
  const taken: string[] = [];
  let torn = 0;
  const listening = listen('dropped', ({ reason, count }) => {
    if (reason === 'frame-torn') torn += count;
  });
  const clock = handClock();
  const feed = {
    isNearlyFull: () => false,
    offer: ({ payload }: { readonly payload: Uint8Array }) => taken.push(Buffer.from(payload).toString()) > 0,
  } as unknown as Feed;
  const port = linePort(portAt('/dev/ttyAMA0', framing), framing, { feed, clock });
  return {
    taken,
    torn: () => torn,
    say: (text: string) => port.events.onData(Buffer.from(text)),
    lose: () => port.events.onClosed('pulled'),
    open(silentMs: number) {
      port.events.onOpen(device);
      clock.advance(silentMs);
    },
    [Symbol.dispose]() {
      port[Symbol.dispose]();
      listening[Symbol.dispose]();
    },
  };
}

test('a line that was cut by a replug is no message, neither its beginning nor its end', () => {
  using port = portOf(lines);
  port.open(serialLimits.underWayMs);
  port.say('T=20\ntemp=21');
  port.lose();
  assert.equal(port.torn(), 1);
  port.open(0);
  port.say('.');
  port.say('5\nT=22\n');
  assert.deepEqual([port.taken, port.torn()], [['T=20', 'T=22'], 2]);
});

test('the only line of a device that speaks a while after the opening is taken, and so is one behind its own mark', () => {
  using port = portOf(lines);
  port.open(serialLimits.underWayMs);
  port.say('tag 1\n');
  port.lose();
  port.open(0);
  port.say('\ntag 2\n');
  assert.deepEqual([port.taken, port.torn()], [['tag 1', 'tag 2'], 0]);
});

test('what a lost port or the end leaves incomplete is told, however messages end', () => {
  for (const framing of [lines, { as: 'length', bytes: 8 }, { as: 'gap', silenceMs: 60_000 }] as const) {
    const port = portOf(framing);
    for (const ending of [port.lose, () => port[Symbol.dispose]()]) {
      port.open(serialLimits.underWayMs);
      port.say('half');
      ending();
    }
    assert.deepEqual([port.taken, port.torn()], [[], 2], framing.as);
  }
});
