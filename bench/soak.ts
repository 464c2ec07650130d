/** A gateway under load for an hour, its cloud away every few minutes: does anything grow? */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { asAdministrator, runLoad, startCloud, startGateway, type Gateway } from './child.ts';
import { toMarkdown } from './report.ts';
import { plot } from './soak/plot.ts';
import { look, perHour, type Sample } from './soak/samples.ts';

const number = (text: string): number => {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('A number above 0 is needed.');
  return value;
};
const wish = new Command('soak')
  .description(
    'Loads a gateway while its cloud goes away, prints a table, and leaves a plot of each curve in docs/benchmarks/.',
  )
  .option('--minutes <n>', 'how long', number, 60)
  .option('--rate <n>', 'messages per second', number, 1_000)
  .option('--every <n>', 'seconds between outages', number, 240)
  .option('--away <n>', 'seconds of an outage', number, 45)
  .parse()
  .opts<{ minutes: number; rate: number; every: number; away: number }>();
const lastsMs = wish.minutes * 60_000;
const [everyMs, awayMs] = [wish.every * 1_000, wish.away * 1_000];
const lookEveryMs = 10_000;
const drainMs = 120_000;
/** Caches and heaps find their size first. */
const settledMs = Math.min(10 * 60_000, lastsMs / 4);

interface Ledger {
  readonly balanced: boolean;
  readonly sinks: readonly {
    readonly accepted: number;
    readonly delivered: number;
    readonly buffered: number;
    readonly evicted: number;
  }[];
}

async function ledgerOf(gateway: Gateway): Promise<Ledger> {
  const answer = await fetch(`http://127.0.0.1:${gateway.httpPort}/api/v1/ledger`, {
    headers: asAdministrator(gateway),
  });
  if (!answer.ok) throw new Error(`the ledger answered ${answer.status}`);
  return (await answer.json()) as Ledger;
}

await using cloud = await startCloud();
await using gateway = await startGateway({ config: { cloud: cloud.config } });
const startedAt = performance.now();
const since = (): number => performance.now() - startedAt;
const samples: Sample[] = [];
const away: [number, number][] = [];

const sample = async (): Promise<Sample> => {
  const { balanced, sinks } = await ledgerOf(gateway);
  const buffered = Math.max(0, ...sinks.map((sink) => sink.buffered));
  const seen = look(gateway, { balanced, buffered }, since());
  samples.push(seen);
  const { anonymousMb, openFiles, walMb } = seen;
  console.error(
    `${(seen.atMs / 60_000).toFixed(1)} min: ${anonymousMb.toFixed(0)} MB, ${openFiles} files, WAL ${walMb.toFixed(1)} MB, ${buffered} buffered${balanced ? '' : ', NOT BALANCED'}`,
  );
  return seen;
};
const load = runLoad({ port: gateway.port, rate: wish.rate, seconds: lastsMs / 1_000, warmup: 0 });
// The cloud stands still as a machine does whose power is out for the network alone: connections stay, nothing answers.
for (let nextAway = everyMs; since() < lastsMs;) {
  await sleep(lookEveryMs);
  if (since() >= nextAway && since() + awayMs < lastsMs) {
    cloud.stop();
    away.push([since(), since() + awayMs]);
    nextAway += everyMs;
  }
  const [, until = 0] = away.at(-1) ?? [];
  if (since() >= until) cloud.goOn();
  await sample();
}
cloud.goOn();
const { acknowledged, p50Ms, p99Ms } = await load;
const endedAt = performance.now();
while ((await sample()).buffered > 0 && performance.now() - endedAt < drainMs) await sleep(1_000);
const received = await cloud.received();
const [line] = (await ledgerOf(gateway)).sinks;
if (line === undefined) throw new Error('the ledger knows no sink');
const { accepted, delivered, evicted } = line;

const curves: readonly (readonly [title: string, file: string, of: keyof Sample])[] = [
  ['Anonymous memory, MB', 'memory', 'anonymousMb'],
  ['Resident memory, MB', 'resident', 'residentMb'],
  ['Open files', 'files', 'openFiles'],
  ['Write-ahead log, MB', 'wal', 'walMb'],
  ['Database, MB', 'database', 'databaseMb'],
  ['Buffered records', 'buffered', 'buffered'],
];
const folder = join(import.meta.dirname, '../docs/benchmarks');
mkdirSync(folder, { recursive: true });
const rows = curves.map(([title, file, of]) => {
  const points = samples.map((one) => [one.atMs, Number(one[of])] as const);
  writeFileSync(join(folder, `soak-${file}.svg`), plot({ title, points, away }));
  const settled = points.filter(([at]) => at >= settledMs);
  const all = settled.map(([, value]) => value);
  return [title, points[0]?.[1] ?? 0, Math.max(...all), all.at(-1) ?? 0, perHour(settled)];
});
const writtenMb = (samples.at(-1)?.writtenMb ?? 0) - (samples[0]?.writtenMb ?? 0);
console.log(
  toMarkdown({
    title: 'Soak',
    conditions: `${wish.minutes} minutes at ${wish.rate} messages/s of 200 bytes at QoS 1 from 50 clients; the local cloud over HTTPS in its own process stood still for ${wish.away} s every ${wish.every} s (${away.length} times). A look every ${lookEveryMs / 1_000} s; growth by least squares from minute ${settledMs / 60_000} on.`,
    columns: ['what', 'first', 'highest', 'last', 'growth in an hour'],
    rows,
    verdict: [
      `${acknowledged.toLocaleString('en')} acknowledged; the ledger has ${accepted.toLocaleString('en')} accepted, ${delivered.toLocaleString('en')} delivered, ${evicted.toLocaleString('en')} evicted; the cloud has ${received.toLocaleString('en')} effects, one less for each time a client came or went. The ledger balanced in ${samples.filter(({ balanced }) => balanced).length} of ${samples.length} looks.`,
      `PUBACK p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(0)} ms; ${writtenMb.toFixed(0)} MB written to the disk.`,
    ],
  }),
);
