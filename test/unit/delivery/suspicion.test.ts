import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Batch } from '../../../contracts/sink.ts';
import { Suspicion } from '../../../gateway/delivery/suspicion.ts';
import { message } from './memory-outlet.ts';

const batchOf = (...lsns: readonly number[]): Batch => ({
  sink: 'cloud',
  lane: 'normal',
  items: lsns.map((lsn) => ({ lsn, message: message(lsn, `d${lsn}`) })),
});

test('two poisonous records that take turns become dead letters both', () => {
  const suspicion = new Suspicion();
  suspicion.afterThrow(batchOf(1, 2, 3));
  const verdicts = [1, 2, 1, 2, 1, 2].map((lsn) => suspicion.afterThrow(batchOf(lsn)).is);
  assert.deepEqual(verdicts, ['keep', 'keep', 'keep', 'keep', 'reject', 'reject']);
  suspicion.afterAnswer(batchOf(3));
  assert.equal(suspicion.limit(10), 10);
});
