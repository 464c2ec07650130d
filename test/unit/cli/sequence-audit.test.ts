import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { judge, SequenceAudit, type BootReport } from '../../../gateway/cli/sequence-audit.ts';
import { SequenceSet } from '../../../gateway/cli/sequence-set.ts';

const place = (sequence: number, device = 'd', boot = 1) => ({ gateway: 'g', device, lane: 'normal', boot, sequence });

function audit(...sequences: readonly (readonly [number, string?, number?])[]): BootReport {
  const taken = new SequenceAudit();
  for (const one of sequences) taken.take(place(...one));
  const [report] = taken.report();
  assert.ok(report);
  return report;
}

const ledger = { delivered: 3, buffered: 0, expired: 0, evicted: 0, deadLettered: 0, predates: 0 };
const proof = (report: BootReport, line?: typeof ledger, cutOff = false) => judge('g', [report], line, cutOff).proof;

test('duplicates collapse, and a complete sequence over several devices is proven', () => {
  const report = audit([0, 'a'], [1, 'b'], [0, 'a'], [2, 'a'], [1, 'b'], [2, 'a']);
  assert.deepEqual([report.effective, report.duplicates, report.missing], [3, 3, 0]);
  assert.equal(proof(report), 'proven');
});

test('a missing number is named, and breaks the proof', () => {
  const report = audit([1], [2], [5]);
  assert.deepEqual(report.gaps, [
    [0, 0],
    [3, 4],
  ]);
  assert.equal(report.missing, 3);
  assert.equal(proof(report), 'broken');
});

test('a ledger explains what never left, and not what it calls delivered', () => {
  const report = audit([0], [2], [4]);
  assert.equal(proof(report, { ...ledger, evicted: 1, expired: 1 }), 'proven');
  assert.equal(proof(report, { ...ledger, evicted: 1 }), 'broken');
  assert.equal(proof(report, { ...ledger, delivered: 4, evicted: 2 }), 'broken');
});

test('one number with the effects of two devices is twice; an old number behind a newer one is out of order', () => {
  const twice = audit([0, 'a'], [0, 'b'], [1, 'b']);
  assert.deepEqual([twice.twice, proof(twice)], [1, 'broken']);
  const disordered = audit([1, 'a'], [0, 'a']);
  assert.deepEqual([disordered.disordered, proof(disordered)], [1, 'broken']);
});

test('where retention has cut the topic off, a gap is neither proven nor broken', () => {
  assert.equal(proof(audit([2], [3]), undefined, true), 'open');
});

test('a sequence of any order and length has exactly the gaps that were left out', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat({ max: 200_000 }), { minLength: 1, maxLength: 60 }), (numbers) => {
      const set = new SequenceSet();
      for (const number of numbers) assert.ok(set.add(number));
      assert.ok(numbers.every((number) => set.has(number) && !set.add(number)));
      const left = set.gaps(1_000).reduce((sum, [from, to]) => sum + to - from + 1, 0);
      assert.equal(left, Math.max(...numbers) + 1 - numbers.length);
      assert.equal(set.size, numbers.length);
    }),
  );
});

test('a million numbers without a gap take no room', () => {
  const set = new SequenceSet();
  for (let i = 0; i < 1_048_576; i++) set.add(i);
  assert.deepEqual(set.gaps(10), []);
  assert.ok(!set.add(65_537) && set.has(1_048_575) && !set.has(1_048_576));
});
