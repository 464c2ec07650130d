import assert from 'node:assert/strict';
import { test } from 'node:test';
import { envelope, memoryBuffer, openStage } from './stage.ts';
import type { MemoryBuffer } from './stage.ts';

const placesOf = ({ entries }: MemoryBuffer): unknown[] =>
  entries.flatMap(({ measurements }) => measurements.map(({ place }) => place));

test('a device that moves has its new place in every later message, in all threads and among lessons', async (t) => {
  const buffer = memoryBuffer(t);
  const stage = await openStage(buffer, { threads: 2, batch: { envelopes: 4, bytes: 65_536 } });
  const expected: unknown[] = [];
  for (let round = 0; round < 30; round++) {
    const place = round % 5 === 4 ? undefined : { building: 'Mill', room: `room ${round}` };
    stage.locate([{ device: 'house:lamp', place }]);
    const sent: Promise<unknown>[] = [];
    if (round % 3 === 0) sent.push(stage.ingest(envelope('house/units/temperature', '°F')));
    for (let n = 0; n < 10; n++) sent.push(stage.ingest(envelope('house/lamp', { values: { temperature: n } })));
    await Promise.all(sent);
    for (let n = 0; n < 10; n++) expected.push({ site: 'home', ...(place ?? { room: 'kitchen' }) });
  }
  assert.deepEqual(placesOf(buffer), expected);
  const units = buffer.entries.flatMap(({ measurements }) => measurements.map(({ m }) => m[0]?.ru));
  assert.ok(units.every((unit) => unit === '°F'));
});

test('a thread that starts later knows every place', async (t) => {
  const buffer = memoryBuffer(t);
  const stage = await openStage(buffer);
  const many = Array.from({ length: 5_000 }, (_, n) => ({ device: `house:d${n}`, place: { room: `room ${n}` } }));
  stage.locate(many);
  for (let n = 0; n < 100; n++) stage.locate([{ device: 'house:lamp', place: { room: `try ${n}` } }]);
  await stage.ingest(envelope('house/d4999', { values: { humidity: 4 } }));
  await stage.ingest(envelope('house/lamp', { values: { humidity: 4 } }));
  assert.deepEqual(placesOf(buffer), [
    { site: 'home', room: 'room 4999' },
    { site: 'home', room: 'try 99' },
  ]);
});
