import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deviceCounts, packBatch, unpackBatch } from '../../../gateway/buffer/log.ts';

for (const count of [1, 5, 200]) {
  test(`a batch of ${count} devices comes back as it was packed`, () => {
    const devices = Array.from({ length: count }, (_, i) => [`json:Küche/gerät${i}/state`, 1] as const);
    const lines = devices.map(([device]) => JSON.stringify({ device }));
    const text = [JSON.stringify(devices.map((_, i) => i)), ...lines].join('\n');
    const place = { lane: 'normal', firstLsn: 7, n: count, boot: 1, wallMs: 1, upMs: 1 } as const;
    const row = packBatch({ ...place, text, devices, classes: { telemetry: count } });
    assert.deepEqual(deviceCounts(row), devices);
    const open = unpackBatch(row);
    assert.deepEqual(open.lines, lines);
    assert.deepEqual(
      open.devices,
      devices.map(([device]) => device),
    );
  });
}

test('a long list of devices takes a fraction of its JSON', () => {
  const devices = Array.from({ length: 50 }, (_, i) => [`json:bench/device${i}/state`, 1] as const);
  const row = packBatch({
    lane: 'normal',
    firstLsn: 1,
    n: 50,
    boot: 1,
    wallMs: 1,
    upMs: 1,
    text: '[]',
    devices,
    classes: {},
  });
  assert.ok(row.devices.length < JSON.stringify(devices).length / 4);
});
