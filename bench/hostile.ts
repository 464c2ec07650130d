import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { runLoad, startGateway, type Load } from './child.ts';
import { cpuSeconds, waitedSeconds } from './process-stats.ts';
import { median, type Report } from './report.ts';

/** Messages a second for each hostile plugin, so that it is always at work. */
const provocations = 20;
/** Messages a second of the ordinary clients in all: far below what saturates the machine. */
const ordinary = 500;

/** What a hostile plugin does with each message. */
const attacks: Readonly<Record<string, string>> = {
  'endless loop': 'for (;;);',
  'hoards memory': 'const hoard = []; for (;;) hoard.push(new Uint8Array(4_000_000).fill(1));',
  'floods with answers':
    "return Array.from({ length: 280 }, (_, i) => ({ device: 'flood:' + (i % 10), kind: 'telemetry', metrics: [{ n: 'x.flood.' + i, key: 'k', value: Math.random() }], meta: { text: 'y'.repeat(700) } }));",
};

const contract = `apiVersion: plugin-contract/v1
kind: PluginContract
plugin: { entry: index.js, format: esm, sideEffects: allow }
exports: { policy: closed, variables: [{ name: default, deferToLive: true }] }
imports: { packages: [{ name: zod, version: '^4' }], undeclared: allow }
resources: { callTimeout: 2s, restarts: { max: 10000, window: 10m } }
`;

/** Long enough for the first compilations and collections of a fresh gateway to be over. */
const warmup = 4;

interface Run extends Load {
  /** Of the gateway, all threads, in a second of the window. */
  readonly cpuMs: number;
  /** Its threads were ready and waited for a core, in a second of the window. */
  readonly waitedMs: number;
}

const alone = 'no hostile plugin';
const variants: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(Object.keys(attacks).map((name) => [name, [name]])),
  'all of them': Object.keys(attacks),
};

/**
 * Ordinary clients beside hostile plugins in their cells. Before each variant they run alone, so that both meet the same
 * machine, and how far the runs without any plugin lie apart is the noise that the others are held against.
 */
export async function benchHostile(runs: number, seconds: number): Promise<Report> {
  const results = new Map<string, Run[]>([alone, ...Object.keys(variants)].map((name) => [name, []]));
  const add = async (name: string): Promise<void> =>
    void results.get(name)?.push(await measure(variants[name] ?? [], seconds));
  for (let i = 0; i < runs; i++) {
    for (const name of Object.keys(variants)) {
      await add(alone);
      await add(name);
    }
  }
  const all = (name: string, key: keyof Run): readonly number[] => (results.get(name) ?? []).map((run) => run[key]);
  const middle = (name: string, key: keyof Run): number => median(all(name, key));
  const [least, most] = [Math.min(...all(alone, 'p99Ms')), Math.max(...all(alone, 'p99Ms'))];
  const ratio = (name: string): number => middle(name, 'p99Ms') / middle(alone, 'p99Ms');
  const beyond = Object.keys(variants).filter((name) => middle(name, 'p99Ms') > most);
  return {
    title: 'Ordinary clients beside hostile plugins',
    conditions: `50 clients, ${ordinary} messages/s of 200 bytes at QoS 1 in all, load generator in its own process on the same cores; each hostile plugin in a cell of its own, provoked ${provocations} times a second and started again whenever it is ended; windows of ${seconds} s after ${warmup} s of warm-up, each on a fresh gateway, one without any plugin before each other one; medians of ${runs} (without: ${runs * Object.keys(variants).length}).`,
    columns: [
      'hostile plugins',
      'messages/s',
      'PUBACK p50 ms',
      'PUBACK p99 ms',
      'lowest and highest p99 ms',
      'p99 ratio',
      'gateway CPU ms/s',
      'waited for a core ms/s',
    ],
    rows: [alone, ...Object.keys(variants)].map((name) => [
      name,
      middle(name, 'perSecond'),
      middle(name, 'p50Ms'),
      middle(name, 'p99Ms'),
      `${Math.min(...all(name, 'p99Ms')).toFixed(1)} – ${Math.max(...all(name, 'p99Ms')).toFixed(1)}`,
      ratio(name),
      middle(name, 'cpuMs'),
      middle(name, 'waitedMs'),
    ]),
    verdict: [
      `Goal: p99 unchanged within noise. Without a hostile plugin it lay between ${least.toFixed(1)} and ${most.toFixed(1)} ms. ${beyond.length === 0 ? 'The median of every variant lies within that, or below it.' : `Above that: ${beyond.map((name) => `${name} (${middle(name, 'p99Ms').toFixed(1)} ms)`).join(', ')}; within it or below: ${Object.keys(variants).length - beyond.length} of ${Object.keys(variants).length}.`}`,
      'A cell runs at a lower priority (nice 10), and from its second life on starts at it: a busy one gives way to the gateway on every core.',
    ],
  };
}

async function measure(chosen: readonly string[], seconds: number): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-hostile-'));
  const [plugins, dataDir] = [join(folder, 'plugins'), join(folder, 'data')];
  mkdirSync(plugins);
  mkdirSync(join(dataDir, 'contracts'), { recursive: true });
  for (const name of chosen) writePlugin(name, { plugins, dataDir });
  try {
    await using subject = await startGateway({ dataDir, config: { plugins: { dir: plugins } } });
    const client = await connectAsync(`mqtt://127.0.0.1:${subject.port}`, { reconnectPeriod: 0 });
    const provoke = setInterval(() => {
      for (const name of chosen) client.publish(`${topicOf(name)}/a`, '{}', { qos: 0 });
    }, 1_000 / provocations);
    try {
      const before = { cpu: 0, waited: 0 };
      const spent = { cpu: 0, waited: 0 };
      const load = await runLoad({
        port: subject.port,
        rate: ordinary,
        seconds,
        warmup,
        onMeasuring: () => Object.assign(before, { cpu: cpuSeconds(subject.pid), waited: waitedSeconds(subject.pid) }),
        onMeasured: () => Object.assign(spent, { cpu: cpuSeconds(subject.pid), waited: waitedSeconds(subject.pid) }),
      });
      const perSecond = (key: 'cpu' | 'waited'): number => ((spent[key] - before[key]) * 1_000) / seconds;
      return { ...load, cpuMs: perSecond('cpu'), waitedMs: perSecond('waited') };
    } finally {
      clearInterval(provoke);
      await client.endAsync(true);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const topicOf = (name: string): string => name.replaceAll(' ', '-');

function writePlugin(name: string, { plugins, dataDir }: { readonly plugins: string; readonly dataDir: string }): void {
  const word = topicOf(name);
  const folder = join(plugins, word);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), `{"name":"${word}","version":"1.0.0","type":"module"}`);
  writeFileSync(
    join(folder, 'index.js'),
    `import { z } from 'zod';
export default {
  name: '${word}', apiVersion: 1, proto: '${word}', topics: ['${word}/#'], config: z.strictObject({}),
  decode() { ${attacks[name]} },
};
`,
  );
  writeFileSync(join(dataDir, `contracts/${word}.contract.yaml`), contract);
}
