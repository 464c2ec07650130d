import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { parquetReadObjects } from 'hyparquet';
import type { HistoryAnswer, HistoryMetric } from '../../contracts/history.ts';
import { cli } from '../harness/cli.ts';
import { startDaemon } from '../harness/daemon.ts';
import { startPublisher } from '../harness/publisher.ts';
import { waitUntil } from '../harness/wait-until.ts';

const run = promisify(execFile);

test('what devices published is answered by the daemon, also after a kill, with no sink in sight', async (t) => {
  const daemon = await startDaemon(t);
  const publisher = await startPublisher({ port: daemon.mqttPort, devices: 2, pauseMs: 5 });
  await waitUntil('messages to be acknowledged', async () => publisher.acknowledged.size > 50);
  await daemon.kill();
  await publisher.stop();
  await daemon.start();

  const answered = new Set<number>();
  const { devices } = await daemon.api<{ devices: { id: string }[] }>('/api/v1/devices');
  const range = `from=${Date.now() - 3_600_000}&points=10000`;
  for (const { id } of devices) {
    const { metrics } = await daemon.api<{ metrics: HistoryMetric[] }>(`/api/v1/history/metrics?device=${id}`);
    assert.deepEqual(metrics.map(({ metric }) => metric).sort(), ['x.json.n', 'x.json.temperature']);
    const answer = await daemon.api<HistoryAnswer>(`/api/v1/history?device=${id}&metric=x.json.n&${range}`);
    for (const { last } of answer.points) answered.add(Number(last));
  }
  assert.deepEqual(
    [...publisher.acknowledged].filter((n) => !answered.has(n)),
    [],
  );

  const [first] = devices;
  const one = `/api/v1/history?device=${first?.id}&metric=x.json.temperature`;
  const slots = await daemon.api<HistoryAnswer & { reduction: string }>(`${one}&from=1970-01-01T00:00:00Z&points=1`);
  assert.deepEqual([slots.reduction, slots.points.length], ['slots', 1]);
  for (const [query, status] of [
    ['from=5&to=2', 422],
    ['from=yesterday', 400],
    ['from=2026-02-30T00:00:00Z', 400],
    ['from=0&to=2026-02-30', 400],
    ['from=0&points=0', 400],
    ['from=0&points=1e9', 400],
  ] as const) {
    const refused = await fetch(`http://127.0.0.1:${daemon.httpPort}${one}&${query}`);
    assert.deepEqual(
      [query, refused.status, refused.headers.get('content-type')?.split(';')[0]],
      [query, status, 'application/problem+json'],
    );
  }
  const odd = await fetch(
    `http://127.0.0.1:${daemon.httpPort}/api/v1/history/pages?device=${first?.id}&metric=x.json.temperature&from=0&cursor=eyJ4IjoxfQ`,
  );
  assert.equal(odd.status, 400);

  const config = join(daemon.dataDir, '../portcullis.yaml');
  const say = async (...args: string[]): Promise<string> =>
    (await run(process.execPath, [cli, 'history', ...args, '--config', config])).stdout;
  const told = await say('query', first?.id ?? '', 'x.json.n', '--points', '1', '--from', '7d');
  assert.match(told, /^slots of \d+ s\tlast\tmin\tmax\tmean\tcount\tincrease\n\d{4}-/);
  const want = ['--from', '2020-01-01T00:00:00Z', '--json'];
  const rowsOf = async (format: string): Promise<{ time: string; metric: string; value: number }[]> => {
    const out = join(daemon.dataDir, `../out.${format}`);
    await say('export', '--format', format, '--out', out, ...want);
    const bytes = readFileSync(out);
    if (format === 'parquet') {
      const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
      const rows = await parquetReadObjects({ file });
      return rows.map(({ time, metric, value }) => ({
        time: (time as Date).toISOString(),
        metric: metric as string,
        value: value as number,
      }));
    }
    const lines = bytes.toString().trim().split(/\r?\n/);
    if (format === 'jsonl') {
      return lines.map((line) => {
        const { time, metric, value } = JSON.parse(line) as { time: string; metric: string; value: number };
        return { time, metric, value };
      });
    }
    assert.equal(lines[0], 'time,device,metric,unit,value,text,count,min,max,mean,increase');
    return lines.slice(1).map((line) => {
      const [time = '', , metric = '', , value] = line.split(',');
      return { time, metric, value: Number(value) };
    });
  };
  const [csv, jsonl, parquet] = [await rowsOf('csv'), await rowsOf('jsonl'), await rowsOf('parquet')];
  assert.ok(csv.length >= 2 * publisher.acknowledged.size);
  assert.deepEqual([jsonl, parquet], [csv, csv]);
});
