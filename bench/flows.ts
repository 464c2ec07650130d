import { readdirSync, readFileSync } from 'node:fs';
import { deploy, flowsRun } from '../test/harness/flows.ts';
import { runLoad, startGateway, type Load } from './child.ts';
import { treeMemory } from './process-stats.ts';
import { median, type Report } from './report.ts';

/** Messages a second: far below what saturates the machine. */
const ordinary = 500;
const warmup = 4;

/** A flow that does something ten times a second. */
const busy = (func: string): object[] => [
  { id: 'tab', type: 'tab', label: 'bench' },
  {
    id: 'tick',
    z: 'tab',
    type: 'inject',
    props: [{ p: 'payload' }],
    repeat: '0.1',
    once: true,
    onceDelay: 0.1,
    payload: '',
    payloadType: 'date',
    wires: [['do']],
  },
  { id: 'do', z: 'tab', type: 'function', func, outputs: 0, wires: [] },
];

const variants: Readonly<Record<string, readonly object[] | undefined>> = {
  'without Node-RED': undefined,
  'Node-RED with a quiet flow': busy('return null;'),
  'endless loop': busy('for (;;);'),
  'endless loop behind a timer': busy('setTimeout(() => { for (;;); }, 0);'),
  'memory leak': busy(
    "const hoard = context.get('hoard', 'memory') ?? []; hoard.push(Buffer.alloc(8_000_000, 1)); context.set('hoard', hoard, 'memory');",
  ),
};

interface Run extends Load {
  /** Of Node-RED's process. */
  readonly residentMb: number;
}

/** What Node-RED needs, and what devices notice of flows that misbehave. */
export async function benchFlows(runs: number, seconds: number): Promise<Report> {
  const names = Object.keys(variants);
  const results = new Map<string, Run[]>(names.map((name) => [name, []]));
  for (let run = 0; run < runs; run++) {
    for (const name of names) results.get(name)?.push(await measure(variants[name], seconds));
  }
  const [without = ''] = names;
  const middle = (name: string, key: keyof Run): number => median((results.get(name) ?? []).map((run) => run[key]));
  const spread = (results.get(without) ?? []).map(({ p99Ms }) => p99Ms.toFixed(1)).join(', ');
  return {
    title: 'Node-RED beside devices',
    conditions: `50 clients, ${ordinary} messages/s of 200 bytes at QoS 1 in all, load generator in its own process on the same cores; the flow does its deed ten times a second. Windows of ${seconds} s after ${warmup} s of warm-up, each on a fresh gateway, in turns; medians of ${runs} runs. Memory is that of Node-RED's process before the load; a leak is ended at flows.memoryMb (160), an endless loop after 5 s by the function node's own limit, one behind a timer by the gateway when Node-RED has not answered for 20 s, and each begins again.`,
    columns: ['flow', 'messages/s', 'PUBACK p50 ms', 'PUBACK p99 ms', 'p99 ratio', 'Node-RED resident MB'],
    rows: names.map((name) => [
      name,
      middle(name, 'perSecond'),
      middle(name, 'p50Ms'),
      middle(name, 'p99Ms'),
      middle(name, 'p99Ms') / middle(without, 'p99Ms'),
      middle(name, 'residentMb') || '–',
    ]),
    verdict: [`Goal: unchanged within noise. p99 without Node-RED in each run: ${spread} ms.`],
  };
}

async function measure(flow: readonly object[] | undefined, seconds: number): Promise<Run> {
  await using gateway = await startGateway(flow && { config: { flows: { enabled: true } } });
  let residentMb = 0;
  if (flow !== undefined) {
    await flowsRun(gateway);
    residentMb = treeMemory(nodeRedOf(gateway.dataDir)).residentMb;
    await deploy(gateway, flow);
  }
  const load = await runLoad({ port: gateway.port, rate: ordinary, seconds, warmup });
  return { ...load, residentMb };
}

/** It is told the path of the gateway's socket, and nothing else distinguishes it. */
function nodeRedOf(dataDir: string): number {
  const found = readdirSync('/proc').find((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return line.includes('flows/runtime/main.js') && line.includes(dataDir);
    } catch {
      return false;
    }
  });
  if (found === undefined) throw new Error('Node-RED does not run');
  return Number(found);
}
