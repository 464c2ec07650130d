import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fuzzRuns } from '../fuzz/mutate.ts';
import { Outcomes } from '../fuzz/outcomes.ts';
import { hostileRequests, valueOf } from '../fuzz/requests.ts';
import { Caller } from '../harness/api-caller.ts';
import { startDaemon } from '../harness/daemon.ts';

/** Values that fit no schema of ours. */
const nonsense = { '\u0000': { deep: [[[]]] } };

test('the API keeps its word', async (t) => {
  const daemon = await startDaemon(t);
  const caller = await Caller.of(daemon);
  const { operations } = caller;
  assert.ok(operations.length > 40);

  await t.test('every call answers valid, empty, foolish and anonymous input as the document says', async () => {
    for (const [method, path, operation] of operations) {
      const [type, body] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
      const inUrl = operation.parameters.map(({ name }) => name).join(' ');
      assert.doesNotMatch(inUrl, /secret|password|token|csrf/i, `${method} ${path} has no secret in its address`);
      const query = Object.fromEntries(
        operation.parameters
          .filter((one) => one.in === 'query' && one.required)
          .map(({ name, schema }) => [name, valueOf(schema)]),
      );
      const isJson = type === 'application/json';
      const filled = body && (isJson ? JSON.stringify(valueOf(body.schema)) : 'no such file');
      await caller.call(method, path, operation, {
        query,
        ...(filled !== undefined && { body: filled, type: type ?? '' }),
      });
      if (isJson) {
        for (const foolish of [JSON.stringify(nonsense), '[]', '"text"', 'null', '{"unfinished":', '']) {
          const status = await caller.call(method, path, operation, { body: foolish });
          const mayBeTaken = foolish === '' || foolish === '[]' || foolish === 'null' || foolish === '"text"';
          assert.ok(mayBeTaken || status >= 400, `${method} ${path} took ${foolish}`);
        }
        await caller.call(method, path, operation, { body: JSON.stringify({ x: 'x'.repeat(70_000) }) });
      }
      if (operation['x-permission'] !== undefined && method !== 'GET') {
        assert.equal(
          await caller.call(method, path, operation, {
            ...(filled !== undefined && { body: filled, type: type ?? '' }),
            login: false,
          }),
          401,
          path,
        );
      }
    }
  });

  await t.test(
    'hostile input made from the document gets an answer of the document, and the gateway goes on',
    async (t) => {
      const statuses = new Outcomes<string>();
      await fc.assert(
        fc.asyncProperty(hostileRequests(operations), async ({ operation: [method, path, operation], ...want }) => {
          statuses.add(`answered ${await caller.call(method, path, operation, want)}`);
        }),
        { numRuns: fuzzRuns(150) },
      );
      statuses.print(t);
      assert.ok(daemon.isRunning());
      assert.doesNotMatch(daemon.printed(), /a request failed/);
    },
  );
});
