import { runLoad, startBareThreads, startGateway, startStockAedes, type Load, type Subject } from './child.ts';
import { cpuSeconds } from './process-stats.ts';
import { median, type Report } from './report.ts';
import { compileShim } from '../test/harness/shim.ts';
import { join } from 'node:path';

interface Variant {
  readonly name: string;
  readonly start: () => Promise<Subject>;
}

export interface Plan {
  readonly runs: number;
  readonly seconds: number;
  readonly warmup: number;
  /** Unacknowledged messages of each client, a table's part for each number. */
  readonly inFlight: readonly number[];
}

/** At some thousand messages a second the compiler is busy for longer than at 50,000. */
const warmupMessages = 100_000;

interface Run extends Load {
  readonly cpuMicros: number;
}

/** Durable QoS 1 through the whole pipeline beside stock Aedes, in turns, so that both see the same machine. */
export async function benchIngest(plan: Plan): Promise<Report> {
  const { runs, seconds, warmup, inFlight } = plan;
  const shim = compileShim(join(import.meta.dirname, 'fsync-delay.c'));
  const slowDisk = (ms: number): Variant => ({
    name: `Portcullis, each fsync +${ms} ms`,
    start: () => startGateway({ env: { LD_PRELOAD: shim, DELAY_MS: String(ms) } }),
  });
  const variants: Variant[] = [
    { name: 'stock Aedes (acknowledges before storing)', start: startStockAedes },
    { name: 'its threads alone: Aedes, JSON, one row per batch', start: startBareThreads },
    { name: 'Portcullis', start: () => startGateway() },
    { name: 'Portcullis, no history', start: () => startGateway({ config: { history: { enabled: false } } }) },
    slowDisk(5),
    slowDisk(20),
  ];
  const rows: (string | number)[][] = [];
  const ratios: Record<string, number> = {};
  for (const inflight of inFlight) {
    const results = new Map<string, Run[]>(variants.map(({ name }) => [name, []]));
    for (let i = 0; i < runs; i++) {
      for (const variant of variants) results.get(variant.name)?.push(await measure(variant, inflight, plan));
    }
    const stock = middle(results.get(variants[0]?.name ?? '') ?? []);
    for (const { name } of variants) {
      const run = middle(results.get(name) ?? []);
      ratios[`${name} ${inflight}`] = run.perSecond / stock.perSecond;
      rows.push([
        name,
        String(inflight),
        run.perSecond,
        run.perSecond / stock.perSecond,
        run.cpuMicros,
        run.cpuMicros / stock.cpuMicros,
        run.p50Ms,
        run.p99Ms,
      ]);
    }
  }
  return {
    title: 'Durable QoS 1 ingest',
    conditions: `50 clients, 200-byte JSON payloads, no subscribers, load generator in its own process on the same cores; medians of ${runs} runs of ${seconds} s after a warm-up of ${warmup} s at least and then until ${warmupMessages.toLocaleString('en')} messages or 20 s, the variants in turns. Portcullis acknowledges after decode, preprocessing and a commit with synchronous=FULL.`,
    columns: [
      'variant',
      'in flight',
      'messages/s',
      'ratio',
      'CPU µs per message',
      'CPU ratio',
      'PUBACK p50 ms',
      'PUBACK p99 ms',
    ],
    rows,
    verdict: inFlight.map(
      (many) =>
        `Goal at least ${many === 1 ? 0.4 : 0.5} of stock with ${many} in flight: measured ${ratios[`Portcullis ${many}`]?.toFixed(2)}.`,
    ),
  };
}

async function measure({ start }: Variant, inflight: number, { seconds, warmup }: Plan): Promise<Run> {
  await using subject = await start();
  let before = 0;
  let after = 0;
  const load = await runLoad({
    port: subject.port,
    inflight,
    seconds,
    warmup,
    warmupMessages,
    onMeasuring: () => (before = cpuSeconds(subject.pid)),
    onMeasured: () => (after = cpuSeconds(subject.pid)),
  });
  return { ...load, cpuMicros: ((after - before) * 1e6) / load.acknowledged };
}

function middle(runs: readonly Run[]): Run {
  const of = (key: keyof Run): number => median(runs.map((run) => run[key]));
  return {
    acknowledged: of('acknowledged'),
    perSecond: of('perSecond'),
    p50Ms: of('p50Ms'),
    p99Ms: of('p99Ms'),
    cpuMicros: of('cpuMicros'),
  };
}
