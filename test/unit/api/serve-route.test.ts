import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { z } from 'zod';
import { listenApi } from '../../../gateway/api/listen-api.ts';
import { route } from '../../../gateway/api/route.ts';
import { loopback, plainParts } from './api-parts.ts';
import { openAccessRig } from '../access/access-fixture.ts';

test('a file of JSON is given on as it came, beside calls whose bodies of JSON are read', async (t) => {
  const { access, store } = await openAccessRig(t);
  const common = { method: 'POST', summary: '', needs: 'site.edit' } as const;
  const file = route({
    ...common,
    path: '/api/v1/file',
    upload: { contentType: 'application/json', maxBytes: 1_000 },
    input: z.strictObject({}),
    result: z.object({ got: z.string() }),
    handle: async (_input, { body }) => ({ got: await text(body) }),
  });
  const fields = route({
    ...common,
    path: '/api/v1/fields',
    input: z.strictObject({ name: z.string() }),
    result: z.object({ got: z.string() }),
    handle: async ({ name }) => ({ got: name }),
  });
  await using api = await listenApi(loopback, {
    routes: [file, fields],
    access,
    store,
    ...plainParts,
  });
  const post = async (path: string, body: string): Promise<unknown> => {
    const headers = { authorization: 'Bearer token', 'content-type': 'application/json' };
    return (await fetch(`http://127.0.0.1:${api.port}/api/v1/${path}`, { method: 'POST', headers, body })).json();
  };
  const body = '{ "name" : "x" }';
  assert.deepEqual(await post('file', body), { got: body });
  assert.deepEqual(await post('fields', body), { got: 'x' });
});
