import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import type { Context } from '../../../gateway/api/route.ts';
import { sinkRoutes } from '../../../gateway/api/sink-routes.ts';

test('who cuts the uplink is told that commands from afar wait too', () => {
  const routes = sinkRoutes([], { begin: () => undefined, leftMs: () => 0 });
  const cut = routes.find(({ path }) => path.endsWith('/uplink/cut'));
  assert.match(cut?.summary ?? '', /nothing out to any sink and takes no command or message from the cloud or Kafka/);
});

test('a sink that does not exist cannot be resumed', async () => {
  const routes = sinkRoutes([], { begin: () => undefined, leftMs: () => 0 });
  const resume = routes.find(({ path }) => path.endsWith('/resume'));
  const context = { body: Readable.from([]) } as Partial<Context> as Context;
  await assert.rejects(async () => resume?.handle({ sink: 'nope' }, context), {
    code: 'NOT_FOUND',
    message: 'There is no sink "nope".',
  });
});
