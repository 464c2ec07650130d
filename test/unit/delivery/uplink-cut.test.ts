import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { startDeliveryLoop } from '../../../gateway/delivery/delivery-loop.ts';
import { openUplinkCut } from '../../../gateway/delivery/uplink-cut.ts';
import { MemoryOutlet } from './memory-outlet.ts';
import { ScriptedSink } from './scripted-sink.ts';
import { settle, VirtualTime } from './virtual-time.ts';

test('a cut uplink is an outage that ends by itself, and what was kept meanwhile goes out', async (t) => {
  const time = new VirtualTime();
  const outlet = new MemoryOutlet();
  const sink = new ScriptedSink();
  const cut = openUplinkCut(time);
  const outages: string[] = [];
  const loop = startDeliveryLoop({
    sink: cut.through(sink),
    outlet,
    log: pino({ level: 'silent' }),
    clock: time,
    scheduler: time,
    random: () => 0.5,
    onOutage: (_sink, change, reason) => outages.push(`${change} ${reason}`),
  });
  t.after(() => loop[Symbol.asyncDispose]());
  await settle();
  cut.begin(30_000);
  assert.throws(() => cut.begin(30_000), { code: 'CONFLICT' });
  outlet.add('normal', 'a', 5);
  outlet.announce('normal');
  await settle();
  assert.deepEqual(outages, ['started cut for a test']);
  await time.advance(29_999);
  assert.equal(sink.writes, 0);
  assert.equal(outlet.count('accept'), 0);
  await time.advance(1);
  assert.equal(cut.leftMs(), 0);
  assert.equal(outlet.count('accept'), 5);
  assert.deepEqual(outages, ['started cut for a test', 'ended cut for a test']);
});
