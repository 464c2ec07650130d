/** `npm run bench`: builds, runs benchmarks side by side and prints their tables; all of them are written to docs/benchmarks.md. */
import { execFileSync } from 'node:child_process';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { atomicWrite } from '../gateway/lib/atomic-write.ts';
import { benchAdmission } from './admission.ts';
import { benchApi } from './api.ts';
import { benchBacklog } from './backlog.ts';
import { benchFlows } from './flows.ts';
import { benchFootprint } from './footprint.ts';
import { benchHostile } from './hostile.ts';
import { benchHttps } from './https.ts';
import { benchIngest } from './ingest.ts';
import { benchKafka } from './kafka.ts';
import { benchPeers } from './peers.ts';
import { toMarkdown, type Report } from './report.ts';
import { benchRules } from './rules.ts';

interface Wish {
  readonly only: readonly Name[];
  readonly runs: number;
  readonly seconds: number;
  readonly warmup: number;
  readonly inFlight: readonly number[];
  readonly built?: true;
}

const benches = {
  ingest: (wish: Wish) => benchIngest(wish),
  footprint: ({ seconds }: Wish) => benchFootprint(seconds * 2),
  backlog: () => benchBacklog(),
  https: ({ runs }: Wish) => benchHttps(runs),
  admission: () => Promise.resolve(benchAdmission()),
  hostile: ({ runs, seconds }: Wish) => benchHostile(runs, seconds),
  kafka: ({ seconds }: Wish) => benchKafka(seconds),
  rules: ({ runs, seconds }: Wish) => benchRules(runs, seconds),
  api: ({ runs, seconds }: Wish) => benchApi(runs, seconds),
  flows: ({ runs, seconds }: Wish) => benchFlows(runs, seconds),
  peers: ({ seconds }: Wish) => benchPeers(seconds),
} satisfies Readonly<Record<string, (wish: Wish) => Promise<Report>>>;
type Name = keyof typeof benches;
const names = Object.keys(benches) as Name[];

const whole = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('A whole number from 1 on is needed.');
  return value;
};
const listed = (text: string): string[] => text.split(',').filter((part) => part !== '');
const known = (text: string): Name[] =>
  listed(text).map((name) => {
    const found = names.find((one) => one === name);
    if (found === undefined) throw new InvalidArgumentError(`There are ${names.join(', ')}.`);
    return found;
  });

const wish = new Command('bench')
  .description(
    'Runs benchmarks side by side and prints their tables. A run of all of them is written to docs/benchmarks.md.',
  )
  .addOption(new Option('--only <names>', `some of ${names.join(',')}`).argParser(known).default(names, 'all'))
  .option('--runs <n>', 'of each variant; their median is shown', whole, 3)
  .option('--seconds <n>', 'of one run', whole, 10)
  .option('--warmup <n>', 'seconds before each run of ingest, at least', whole, 2)
  .addOption(
    new Option('--in-flight <list>', 'messages without an answer per client, of ingest')
      .argParser((text) => listed(text).map(whole))
      .default([1, 16], '1,16'),
  )
  .option('--built', 'there is a build already')
  .parse()
  .opts<Wish>();

const root = join(import.meta.dirname, '..');
const loadBefore = loadavg();
if (!wish.built) {
  console.error('building…');
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' });
}
const sections: string[] = [];
for (const name of wish.only) {
  console.error(`${name}…`);
  const section = toMarkdown(await benches[name](wish));
  console.log(section);
  sections.push(section);
}
const [cpu] = cpus();
const header = [
  '# Benchmarks',
  '',
  `Written by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}: ${cpus().length} cores (${cpu?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${process.arch}, Node ${process.versions.node}, the compiled build, ${wish.runs} runs. The machine's load average was ${loadBefore[0]?.toFixed(1)} before the start and ${loadavg()[0]?.toFixed(1)} at the end; above ${cpus().length} before the start, other work shared the cores. Ratios carry over to a Pi, absolute rates do not.`,
  '',
];
if (wish.only.length === names.length) {
  await atomicWrite(join(root, 'docs/benchmarks.md'), [...header, ...sections].join('\n'), 0o644);
}
