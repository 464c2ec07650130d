// npm run bench: builds, runs every benchmark side by side, prints the tables and writes them to docs/benchmarks.md.
// Arguments: --built (there is a build already)  --in-flight 1,16  --warmup 2  --only ingest,footprint,backlog,https,admission,hostile,kafka,rules,api,flows,peers  --runs 3  --seconds 10
import { execFileSync } from 'node:child_process';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
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

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'ingest,footprint,backlog,https,admission,hostile,kafka,rules,api,flows,peers' },
    runs: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '10' },
    warmup: { type: 'string', default: '2' },
    'in-flight': { type: 'string', default: '1,16' },
    built: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
const benches: Readonly<Record<string, () => Promise<Report>>> = {
  ingest: () =>
    benchIngest({
      runs: Number(values.runs),
      seconds,
      warmup: Number(values.warmup),
      inFlight: values['in-flight'].split(',').map(Number),
    }),
  footprint: () => benchFootprint(seconds * 2),
  backlog: () => benchBacklog(),
  https: () => benchHttps(Number(values.runs)),
  admission: async () => benchAdmission(),
  hostile: () => benchHostile(Number(values.runs), seconds),
  kafka: () => benchKafka(seconds),
  rules: () => benchRules(Number(values.runs), seconds),
  api: () => benchApi(Number(values.runs), seconds),
  flows: () => benchFlows(Number(values.runs), seconds),
  peers: () => benchPeers(seconds),
};

const root = join(import.meta.dirname, '..');
const loadBefore = loadavg();
if (!values.built) {
  console.error('building…');
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' });
}
const chosen = values.only.split(',');
const sections: string[] = [];
for (const name of chosen) {
  const bench = benches[name];
  if (bench === undefined)
    throw new Error(`there is no benchmark "${name}"; there are ${Object.keys(benches).join(', ')}`);
  console.error(`${name}…`);
  const section = toMarkdown(await bench());
  console.log(section);
  sections.push(section);
}
const [cpu] = cpus();
const header = [
  '# Benchmarks',
  '',
  `Written by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}: ${cpus().length} cores (${cpu?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${process.arch}, Node ${process.versions.node}, the compiled build, ${values.runs} runs. The machine's load average was ${loadBefore[0]?.toFixed(1)} before the start and ${loadavg()[0]?.toFixed(1)} at the end; above ${cpus().length} before the start, other work shared the cores. Ratios carry over to a Pi, absolute rates do not.`,
  '',
];
if (chosen.length === Object.keys(benches).length) {
  await atomicWrite(join(root, 'docs/benchmarks.md'), [...header, ...sections].join('\n'), 0o644);
}
