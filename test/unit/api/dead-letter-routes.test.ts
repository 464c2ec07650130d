import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asAdministrator } from '../../harness/api-context.ts';
import { deadLetterRoutes, type LetterModel } from '../../../gateway/api/dead-letter-routes.ts';

test('the sample of a dead letter is text where it is text, also when it was cut inside a character', async () => {
  const samples = [Buffer.from('on'), Buffer.from('21 °').subarray(0, 4), Buffer.from([0xff, 0xfe])];
  const list = async () =>
    samples.map((sample, id) => ({ id, sample, replayable: 1 as const, replayedAt: id || null }));
  const [route] = deadLetterRoutes({ list } as unknown as LetterModel);
  assert.deepEqual(await route?.handle({ limit: 2 }, asAdministrator), {
    deadLetters: [
      { id: 0, sample: 'on', sampleEncoding: 'utf-8', replayable: true, replayedAt: null },
      { id: 1, sample: '21 ', sampleEncoding: 'utf-8', replayable: false, replayedAt: 1 },
    ],
    next: 1,
  });
  const all = (await route?.handle({ limit: 3 }, asAdministrator)) as { deadLetters: object[]; next: null };
  assert.deepEqual(all.deadLetters[2], {
    id: 2,
    sample: '//4=',
    sampleEncoding: 'base64',
    replayable: false,
    replayedAt: 2,
  });
  assert.equal(all.next, null);
});
