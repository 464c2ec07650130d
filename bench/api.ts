import { setTimeout as sleep } from 'node:timers/promises';
import { asAdministrator, runLoad, startGateway, type Gateway, type Load } from './child.ts';
import { timesOf } from './live-devices.ts';
import { median, type Report } from './report.ts';

/** A second, of devices and of programs. */
const [messages, requests] = [1_000, 100];
const warmup = 3;

/** What pages and programs ask for, in turns; one in ten writes. */
const asked: readonly (readonly [method: string, path: string, body?: object])[] = [
  ['GET', '/api/v1/devices?limit=50'],
  ['GET', '/api/v1/devices/json:bench%2Fdevice7%2Fstate'],
  ['GET', '/api/v1/ledger'],
  ['GET', '/api/v1/alarms'],
  ['GET', '/api/v1/devices/json:bench%2Fdevice7%2Fstate/twin'],
  ['GET', '/api/v1/rules'],
  ['GET', '/api/v1/commands?limit=20'],
  ['GET', '/api/v1/history?device=json:bench%2Fdevice7%2Fstate&metric=x.json.temperature&points=200&from=0'],
  ['GET', '/api/v1/system'],
  ['PATCH', '/api/v1/rules/flags', { name: 'bench', on: true }],
];

interface Asked {
  readonly taken: readonly number[];
  readonly refused: ReadonlyMap<string, number>;
}

/** Requests at a fixed rate beside devices at a fixed rate, and the devices alone before. */
export async function benchApi(runs: number, seconds: number): Promise<Report> {
  const [alone, beside]: [Load[], (Load & Asked)[]] = [[], []];
  for (let run = 0; run < runs; run++) {
    alone.push(await measure(seconds, false));
    beside.push(await measure(seconds, true));
  }
  const middle = (all: readonly Load[], key: keyof Load): number => median(all.map((one) => one[key]));
  const times = timesOf(beside.flatMap(({ taken }) => taken));
  const refused = beside.flatMap((one) => [...one.refused].map(([what, often]) => `${what}: ${often}`));
  const ratio = (key: keyof Load): number => middle(beside, key) / middle(alone, key);
  const row = (name: string, all: readonly Load[]): (string | number)[] => [
    name,
    middle(all, 'perSecond'),
    middle(all, 'p50Ms'),
    middle(all, 'p99Ms'),
  ];
  return {
    title: 'API beside ingest',
    conditions: `50 clients, ${messages} messages/s of 200 bytes at QoS 1 in all; ${requests} requests/s over HTTP with a token, ${asked.length} kinds in turns, one of them a write, timed from the moment at which each was due; load generator and requests in processes of their own on the same cores. Windows of ${seconds} s after ${warmup} s of warm-up, each on a fresh gateway, in turns; medians of ${runs} runs.`,
    columns: ['what', 'messages/s', 'PUBACK p50 ms', 'PUBACK p99 ms'],
    rows: [row('ingest alone', alone), row(`ingest beside ${requests} requests/s`, beside)],
    verdict: [
      `API: p50 ${times.p50.toFixed(1)} ms, p99 ${times.p99.toFixed(1)} ms, slowest ${times.most.toFixed(0)} ms, of ${beside.reduce((sum, { taken }) => sum + taken.length, 0)} requests${refused.length === 0 ? '; none was refused' : `; refused: ${refused.join(', ')}`}. Goals: p99 below 200 ms, none above 3 s.`,
      `Ingest beside the API: ${ratio('perSecond').toFixed(3)} times the messages, ${ratio('p99Ms').toFixed(2)} times the p99.`,
    ],
  };
}

async function measure(seconds: number, withApi: boolean): Promise<Load & Asked> {
  await using gateway = await startGateway();
  const stop = new AbortController();
  const [taken, refused]: [number[], Map<string, number>] = [[], new Map()];
  let asking: Promise<void> | undefined;
  const load = await runLoad({
    port: gateway.port,
    rate: messages,
    seconds,
    warmup,
    onMeasuring: () => {
      if (withApi) asking = ask(gateway, stop.signal, { taken, refused });
    },
    onMeasured: () => stop.abort(),
  });
  await asking;
  return { ...load, taken, refused };
}

async function ask(
  gateway: Gateway,
  signal: AbortSignal,
  { taken, refused }: { readonly taken: number[]; readonly refused: Map<string, number> },
): Promise<void> {
  const identity = asAdministrator(gateway);
  const one = async (n: number, dueAt: number): Promise<void> => {
    const [method, path, body] = asked[n % asked.length] ?? ['GET', '/readyz'];
    const what = `${method} ${path.split('?', 1)[0]}`;
    const refuse = (why: string | number): Map<string, number> =>
      refused.set(`${what} ${why}`, (refused.get(`${what} ${why}`) ?? 0) + 1);
    const answer = await fetch(`http://127.0.0.1:${gateway.httpPort}${path}`, {
      method,
      headers: {
        ...identity,
        ...(body && { 'content-type': 'application/json', 'idempotency-key': `bench-${n}` }),
      },
      ...(body && { body: JSON.stringify(body) }),
    }).catch(() => undefined);
    if (answer === undefined) return void refuse('was cut off');
    await answer.arrayBuffer();
    taken.push(performance.now() - dueAt);
    if (!answer.ok) refuse(answer.status);
  };
  const startedAt = performance.now();
  const waiting = new Set<Promise<void>>();
  for (let n = 0; !signal.aborted; n++) {
    const dueAt = startedAt + (n * 1_000) / requests;
    await sleep(Math.max(0, dueAt - performance.now()));
    const asking = one(n, dueAt).finally(() => waiting.delete(asking));
    waiting.add(asking);
  }
  await Promise.all(waiting);
}
