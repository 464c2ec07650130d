import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asAdministrator } from '../../harness/api-context.ts';
import { readRoutes, type ReadModel } from '../../../gateway/api/read-routes.ts';

async function ask(path: string, model: Partial<ReadModel>): Promise<unknown> {
  const found = readRoutes(model as ReadModel).find((route) => route.path === path);
  assert.ok(found);
  return found.handle(found.input.parse({}), asAdministrator);
}

test('the sample of a dead letter is text where it is text, also when it was cut inside a character', async () => {
  const samples = [Buffer.from('on'), Buffer.from('21 °').subarray(0, 4), Buffer.from([0xff, 0xfe])];
  const deadLetters = async () => samples.map((sample) => ({ sample }));
  assert.deepEqual(await ask('/api/v1/dead-letters', { deadLetters }), {
    deadLetters: [
      { sample: 'on', sampleEncoding: 'utf-8' },
      { sample: '21 ', sampleEncoding: 'utf-8' },
      { sample: '//4=', sampleEncoding: 'base64' },
    ],
  });
});
