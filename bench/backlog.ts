import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runLoad, startCloud, startGateway } from './child.ts';
import { fill } from './fill.ts';
import { treeMemory } from './process-stats.ts';
import type { Report } from './report.ts';

/** Start of the gateway with an empty and with a long backlog, and the drain of one while new messages keep coming. */
export async function benchBacklog(): Promise<Report> {
  const rows: (string | number)[][] = [];
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-backlog-'));
  try {
    const started: Record<number, number> = {};
    for (const records of [0, 1_000_000]) {
      const dataDir = join(folder, `start-${records}`);
      if (records > 0) await fill(dataDir, records);
      await using subject = await startGateway({ dataDir });
      started[records] = subject.startMs / 1000;
      rows.push([`start until ready, ${records.toLocaleString('en')} records buffered`, subject.startMs / 1000, '–']);
    }
    const drain = await drainWhileLive(join(folder, 'drain'), 100_000);
    rows.push(['drain of 100,000 records, 100 messages/s keep coming', drain.seconds, drain.residentMb]);
    return {
      title: 'Start and drain',
      conditions:
        'The compiled gateway; the local cloud in its own process on the same cores, batch reports over HTTPS; ready means that CONNECT is accepted and the writer commits.',
      columns: ['what', 'seconds', 'resident MB at the end'],
      rows,
      verdict: [
        `Goal: ready in under 3 s with a million records; measured ${started[1_000_000]?.toFixed(2)} s.`,
        `Drain: ${Math.round(100_000 / drain.seconds).toLocaleString('en')} records/s; PUBACK p99 of the live messages meanwhile ${drain.p99Ms.toFixed(0)} ms.`,
      ],
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function drainWhileLive(
  dataDir: string,
  records: number,
): Promise<{ seconds: number; residentMb: number; p99Ms: number }> {
  await fill(dataDir, records);
  await using cloud = await startCloud();
  await using subject = await startGateway({ dataDir, config: { cloud: cloud.config } });
  const startedAt = performance.now();
  const live = runLoad({ port: subject.port, rate: 100, seconds: 20 });
  while ((await cloud.received()) < records) {
    if (performance.now() - startedAt > 300_000) throw new Error('the backlog did not drain in 300 s');
    await sleep(200);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const { residentMb } = treeMemory(subject.pid);
  return { seconds, residentMb, p99Ms: (await live).p99Ms };
}
