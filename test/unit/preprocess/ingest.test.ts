import assert from 'node:assert/strict';
import { test } from 'node:test';
import { envelope, memoryBuffer, openStage } from './stage.ts';

test('a message is decoded, converted, placed and committed before its promise resolves', async (t) => {
  const buffer = memoryBuffer(t);
  const stage = await openStage(t, buffer);
  const sent = { metrics: [{ n: 'temperature', key: 't', value: 212, unit: '°F' }] };
  const outcome = await stage.ingest(envelope('house/lamp', sent));
  assert.deepEqual(outcome, { stored: 1, filtered: 0, deadLettered: 0 });
  assert.deepEqual(buffer.entries[0]?.measurements, [
    {
      kind: 'telemetry',
      cls: 'telemetry',
      dev: { id: 'house:lamp' },
      ts: Date.UTC(2026, 6, 1, 12),
      rts: Date.UTC(2026, 6, 1, 12),
      clk: 'gateway',
      m: [{ n: 'temperature', v: 100, u: 'Cel', raw: 212, ru: '°F' }],
      place: { site: 'home', room: 'kitchen' },
      src: { proto: 'house', topic: 'house/lamp' },
    },
  ]);
});
