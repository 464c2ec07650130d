import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { localToUtc, zoneOffsets } from '../../../gateway/lib/zone-time.ts';
import { resolveSourceTime } from '../../../gateway/preprocess/source-time.ts';

const rome = zoneOffsets('Europe/Rome');
const received = Date.UTC(2026, 6, 1, 12);
const local = (text: string): number => Date.parse(`${text}Z`);
const utc = (localText: string, near: string): string =>
  new Date(localToUtc(local(localText), local(near), rome)).toISOString();

test('a plausible source time is believed, in UTC or as wall time of the site', () => {
  const ts = received - 60_000;
  assert.deepEqual(resolveSourceTime({ utcMs: ts + 0.4 }, received, rome), { ts, clk: 'source' });
  assert.deepEqual(resolveSourceTime({ localMs: ts + 2 * 3_600_000 }, received, rome), { ts, clk: 'source' });
});

test('1970, the far future and nonsense give way to the receive time', () => {
  for (const at of [
    { utcMs: 12_000 },
    { localMs: 0 },
    { utcMs: received + 3_600_000 },
    { utcMs: Number.NaN },
    { localMs: 1e300 },
  ]) {
    assert.deepEqual(resolveSourceTime(at, received, rome), { ts: received, clk: 'gateway' });
  }
});

test('while the clock of the gateway is unset, only a source knows the time', () => {
  const unset = Date.UTC(1970, 0, 1, 0, 5);
  assert.deepEqual(resolveSourceTime(undefined, unset, rome), { ts: unset, clk: 'suspect' });
  assert.deepEqual(resolveSourceTime({ utcMs: 3_000 }, unset, rome), { ts: unset, clk: 'suspect' });
  assert.deepEqual(resolveSourceTime({ utcMs: received }, unset, rome), { ts: received, clk: 'source' });
});

test('the hour that comes twice in autumn is the one nearer to the receive time', () => {
  assert.equal(utc('2026-10-25T02:30:00', '2026-10-25T00:31:00'), '2026-10-25T00:30:00.000Z');
  assert.equal(utc('2026-10-25T02:30:00', '2026-10-25T01:31:00'), '2026-10-25T01:30:00.000Z');
  assert.equal(utc('2026-10-25T03:00:00', '2026-10-25T02:00:00'), '2026-10-25T02:00:00.000Z');
});

test('the hour that spring skips is read with the offset from before', () => {
  assert.equal(utc('2026-03-29T02:30:00', '2026-03-29T01:30:00'), '2026-03-29T01:30:00.000Z');
  assert.equal(utc('2026-03-29T01:59:00', '2026-03-29T01:00:00'), '2026-03-29T00:59:00.000Z');
  assert.equal(utc('2026-03-29T03:00:00', '2026-03-29T01:00:00'), '2026-03-29T01:00:00.000Z');
});

test('zones with offsets of a quarter of an hour, and half-hour summer times', () => {
  const kathmandu = zoneOffsets('Asia/Kathmandu');
  assert.equal(kathmandu(received), 345 * 60_000);
  const lordHowe = zoneOffsets('Australia/Lord_Howe');
  assert.equal(lordHowe(Date.UTC(2026, 0, 1)), 660 * 60_000);
  assert.equal(lordHowe(received), 630 * 60_000);
});

test('wall time made from UTC comes back as that UTC, in every zone, all year', () => {
  const zones = ['Europe/Rome', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'UTC'].map(zoneOffsets);
  const moment = fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2027, 11, 31) });
  fc.assert(
    fc.property(fc.constantFrom(...zones), moment, (offsetAt, ms) => {
      assert.equal(localToUtc(ms + offsetAt(ms), ms, offsetAt), ms);
    }),
    { numRuns: 2_000 },
  );
});
