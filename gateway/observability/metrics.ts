import { readFileSync } from 'node:fs';
import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import Histogram from 'prom-client/lib/histogram.js';
import Registry from 'prom-client/lib/registry.js';
import { listen } from './channels.ts';

/** A number that is read when Prometheus asks, with its labels. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Metrics extends Disposable {
  /** Adds a gauge whose samples are read at each scrape. */
  gauge(
    name: string,
    help: string,
    labels: readonly string[],
    read: () => readonly Sample[] | Promise<readonly Sample[]>,
  ): void;
  /** The Prometheus text format, version 0.0.4. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** Counts what the stages tell on their channels. Every drop, reject and retry has a counter by reason. */
export function openMetrics(): Metrics {
  const registry = new Registry();
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> =>
    new Counter({ name: `portcullis_${name}`, help, labelNames, registers: [registry] });

  const dropped = counter('dropped_total', 'Left out on purpose, by stage and reason.', ['stage', 'reason']);
  const rejected = counter('rejected_total', 'Refused with a reason, by stage.', ['stage', 'reason']);
  const retried = counter('retried_total', 'Tried again, by stage and reason.', ['stage', 'reason']);
  const ingested = counter('ingested_records_total', 'Records by what became of them at ingest.', ['outcome']);
  const commanded = counter('commands_total', 'Commands that ended.', ['source', 'state', 'code']);
  const notified = counter('notifications_total', 'Notifications that ended.', ['channel', 'outcome']);
  const delivered = counter('delivered_records_total', 'Records accepted by a sink.', ['sink']);
  const deliveredBytes = counter('delivered_bytes_total', 'Payload bytes accepted by a sink.', ['sink']);
  const committed = counter('committed_records_total', 'Records committed to disk.', []);
  const committedBytes = counter('committed_bytes_total', 'Record bytes handed to the disk by commits.', []);
  const commitSeconds = new Histogram({
    name: 'portcullis_commit_seconds',
    help: 'Duration of a group commit.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30],
    registers: [registry],
  });

  const subscriptions = [
    listen('dropped', (e) => dropped.inc({ stage: e.stage, reason: e.reason }, e.count)),
    listen('rejected', (e) => rejected.inc({ stage: e.stage, reason: e.reason }, e.count)),
    listen('retried', (e) => retried.inc({ stage: e.stage, reason: e.reason })),
    listen('ingested', (e) => {
      ingested.inc({ outcome: 'stored' }, e.stored);
      ingested.inc({ outcome: 'filtered' }, e.filtered);
      ingested.inc({ outcome: 'dead_lettered' }, e.deadLettered);
    }),
    listen('commanded', (e) => commanded.inc({ ...e })),
    listen('notified', (e) => notified.inc({ ...e })),
    listen('delivered', (e) => {
      delivered.inc({ sink: e.sink }, e.count);
      deliveredBytes.inc({ sink: e.sink }, e.bytes);
    }),
    listen('committed', (e) => {
      committed.inc(e.records);
      committedBytes.inc(e.bytes);
      commitSeconds.observe(e.durationMs / 1000);
    }),
  ];
  processGauges(registry);

  return {
    contentType: registry.contentType,
    gauge(name, help, labelNames, read) {
      const gauge = new Gauge({
        name: `portcullis_${name}`,
        help,
        labelNames: [...labelNames],
        registers: [],
        async collect() {
          this.reset();
          for (const { labels, value } of await read()) this.set({ ...labels }, value);
        },
      });
      registry.registerMetric(gauge);
    },
    text: () => registry.metrics(),
    [Symbol.dispose]: () => {
      for (const subscription of subscriptions) subscription[Symbol.dispose]();
    },
  };
}

/**
 * Memory, CPU and bytes written of this process. Read at scrape only: prom-client's own collectors would wake the
 * process a hundred times a second to sample the event loop.
 */
function processGauges(registry: Registry): void {
  const gauge = (name: string, help: string, read: () => number): Gauge =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss());
  gauge('process_cpu_seconds_total', 'User and system CPU time.', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  gauge('portcullis_disk_written_bytes_total', 'Bytes this process caused to be written to disk.', diskWritten);
}

/** `write_bytes` of proc(5) /proc/pid/io: what really went towards the card, page cache merging included. */
function diskWritten(): number {
  const match = /^write_bytes: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'));
  return Number(match?.[1] ?? 0);
}
