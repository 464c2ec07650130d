import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tell } from '../../../gateway/observability/channels.ts';
import { openMetrics } from '../../../gateway/observability/metrics.ts';

test('drops, rejects and retries are counted by stage and reason', async () => {
  using metrics = openMetrics();
  tell('dropped', { stage: 'mqtt', reason: 'retained-quota', count: 3 });
  tell('rejected', { stage: 'mqtt', reason: 'packet-too-large', count: 1 });
  tell('retried', { stage: 'tuya', reason: '5xx' });
  const text = await metrics.text();
  assert.match(text, /portcullis_dropped_total\{stage="mqtt",reason="retained-quota"\} 3/);
  assert.match(text, /portcullis_rejected_total\{stage="mqtt",reason="packet-too-large"\} 1/);
  assert.match(text, /portcullis_retried_total\{stage="tuya",reason="5xx"\} 1/);
});

test('a gauge is read when it is asked for, and what is gone is not shown any more', async () => {
  using metrics = openMetrics();
  let sinks = [{ labels: { sink: 'tuya' }, value: 7 }];
  metrics.gauge('buffered_records', 'Waiting.', ['sink'], () => sinks);
  assert.match(await metrics.text(), /portcullis_buffered_records\{sink="tuya"\} 7/);
  sinks = [];
  assert.doesNotMatch(await metrics.text(), /portcullis_buffered_records\{/);
});

test('the process tells its memory, CPU time and bytes written', async () => {
  using metrics = openMetrics();
  const text = await metrics.text();
  for (const name of [
    'process_resident_memory_bytes',
    'process_cpu_seconds_total',
    'portcullis_disk_written_bytes_total',
  ]) {
    assert.match(text, new RegExp(`^${name} \\d`, 'm'));
  }
});
