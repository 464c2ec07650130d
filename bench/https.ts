import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCloud, startGateway } from './child.ts';
import { fill } from './fill.ts';
import { cpuSeconds } from './process-stats.ts';
import { median, type Report } from './report.ts';

interface Drain {
  readonly perSecond: number;
  readonly cpuMsPerThousand: number;
}

/** The same backlog over HTTPS in batches, and with one request per message. */
export async function benchHttps(runs: number): Promise<Report> {
  const single: Drain[] = [];
  const batched: Drain[] = [];
  for (let run = 0; run < runs; run++) {
    single.push(await drain(10_000, false));
    batched.push(await drain(50_000, true));
  }
  const rate = (drains: readonly Drain[]): number => median(drains.map(({ perSecond }) => perSecond));
  const cost = (drains: readonly Drain[]): number => median(drains.map(({ cpuMsPerThousand }) => cpuMsPerThousand));
  return {
    title: 'HTTPS delivery',
    conditions: `The compiled gateway with a backlog on disk, from its readiness; the local cloud in its own process on the same cores; TLS, signatures, 16 kept-alive connections. Medians of ${runs} runs.`,
    columns: ['how', 'records/s', 'CPU ms of the gateway per 1,000 records'],
    rows: [
      ['one request per message', rate(single), cost(single)],
      ['batches (at most 20 devices and 499 messages)', rate(batched), cost(batched)],
    ],
    verdict: [
      `Batches carry ${(rate(batched) / rate(single)).toFixed(1)} times as many records, for ${((100 * cost(batched)) / cost(single)).toFixed(0)} % of the CPU time; the vendor's cloud has no batches over HTTPS.`,
    ],
  };
}

async function drain(records: number, batch: boolean): Promise<Drain> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-https-'));
  try {
    const dataDir = join(folder, 'data');
    await fill(dataDir, records);
    await using cloud = await startCloud();
    const tuya = { ...cloud.config.tuya, batch };
    await using subject = await startGateway({ dataDir, config: { cloud: { tuya } } });
    const [before, cpuBefore, startedAt] = [await cloud.received(), cpuSeconds(subject.pid), performance.now()];
    while ((await cloud.received()) < records) {
      if (performance.now() - startedAt > 300_000) throw new Error('the backlog did not drain in 300 s');
      await sleep(50);
    }
    const seconds = (performance.now() - startedAt) / 1_000;
    const sent = records - before;
    const cpuMs = 1_000 * (cpuSeconds(subject.pid) - cpuBefore);
    return { perSecond: sent / seconds, cpuMsPerThousand: cpuMs / (sent / 1_000) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
