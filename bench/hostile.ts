import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { runLoad, startGateway, type Load } from './child.ts';
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

/** Ordinary clients beside hostile plugins in their cells: alone and with each of them, in turns. */
export async function benchHostile(runs: number, seconds: number): Promise<Report> {
  const variants: Readonly<Record<string, readonly string[]>> = {
    'no hostile plugin': [],
    ...Object.fromEntries(Object.keys(attacks).map((name) => [name, [name]])),
    'all of them': Object.keys(attacks),
  };
  const results = new Map<string, Load[]>(Object.keys(variants).map((name) => [name, []]));
  for (let i = 0; i < runs; i++) {
    for (const [name, chosen] of Object.entries(variants)) results.get(name)?.push(await measure(chosen, seconds));
  }
  const middle = (name: string, key: keyof Load): number => median((results.get(name) ?? []).map((run) => run[key]));
  const [alone = ''] = Object.keys(variants);
  const ratio = (name: string, key: keyof Load): number => middle(name, key) / middle(alone, key);
  return {
    title: 'Ordinary clients beside hostile plugins',
    conditions: `50 clients, ${ordinary} messages/s of 200 bytes at QoS 1 in all, load generator in its own process on the same cores; each hostile plugin in a cell of its own, provoked ${provocations} times a second and started again whenever it is ended; medians of ${runs} runs of ${seconds} s after 2 s of warm-up, the variants in turns.`,
    columns: ['hostile plugins', 'messages/s', 'PUBACK p50 ms', 'ratio', 'PUBACK p99 ms', 'ratio'],
    rows: Object.keys(variants).map((name) => [
      name,
      middle(name, 'perSecond'),
      middle(name, 'p50Ms'),
      ratio(name, 'p50Ms'),
      middle(name, 'p99Ms'),
      ratio(name, 'p99Ms'),
    ]),
    verdict: [
      `Goal: p99 unchanged within noise. Measured ${ratio('all of them', 'p99Ms').toFixed(2)} times that without, all attacks at once.`,
      'Cells run at a lower priority (nice 10): a busy one gives way to the gateway on every core.',
    ],
  };
}

async function measure(chosen: readonly string[], seconds: number): Promise<Load> {
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
      return await runLoad({ port: subject.port, rate: ordinary, seconds });
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
