import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exportRequest } from '../../../gateway/traces/otlp.ts';
import type { Span } from '../../../gateway/traces/span.ts';

const span: Span = {
  traceId: '5b8efff798038103d269b633813fc60c',
  spanId: 'eee19b7ec3c1b174',
  parentId: 'eee19b7ec3c1b173',
  name: 'decode',
  kind: 1,
  startMs: 1_700_000_000_123.5,
  endMs: 1_700_000_000_130.25,
  attributes: { text: 'x'.repeat(300), whole: 3, part: 1.5, yes: true, none: undefined },
  events: [{ name: 'held', atMs: 1_700_000_000_124, attributes: { code: 'OVERLOADED' } }],
  error: 'dead letter',
};

test('spans are written in the JSON of OTLP, with long texts cut', () => {
  const { resourceSpans } = JSON.parse(exportRequest([span], { gateway: 'attic', version: '1.2.3' }));
  assert.deepEqual(resourceSpans, [
    {
      resource: {
        attributes: [
          { key: 'service.name', value: { stringValue: 'portcullis' } },
          { key: 'service.instance.id', value: { stringValue: 'attic' } },
          { key: 'service.version', value: { stringValue: '1.2.3' } },
        ],
      },
      scopeSpans: [
        {
          scope: { name: 'portcullis' },
          spans: [
            {
              traceId: '5b8efff798038103d269b633813fc60c',
              spanId: 'eee19b7ec3c1b174',
              parentSpanId: 'eee19b7ec3c1b173',
              name: 'decode',
              kind: 1,
              startTimeUnixNano: '1700000000123500000',
              endTimeUnixNano: '1700000000130250000',
              attributes: [
                { key: 'text', value: { stringValue: 'x'.repeat(256) } },
                { key: 'whole', value: { intValue: '3' } },
                { key: 'part', value: { doubleValue: 1.5 } },
                { key: 'yes', value: { boolValue: true } },
              ],
              events: [
                {
                  name: 'held',
                  timeUnixNano: '1700000000124000000',
                  attributes: [{ key: 'code', value: { stringValue: 'OVERLOADED' } }],
                },
              ],
              status: { code: 2, message: 'dead letter' },
            },
          ],
        },
      ],
    },
  ]);
});
