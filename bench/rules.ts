import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import type { Rule, RuleDocument } from '../contracts/rule.ts';
import type { DeviceFacts } from '../gateway/rules/core/devices.ts';
import { RuleEngine } from '../gateway/rules/core/engine.ts';
import { compileRule } from '../gateway/rules/language/compile.ts';
import { ruleFrom } from '../gateway/rules/language/read-rule.ts';
import { toolsFor } from '../gateway/rules/language/tools.ts';
import { runLoad, startGateway, type Subject } from './child.ts';
import { timesOf } from './live-devices.ts';
import { cpuSeconds } from './process-stats.ts';
import { median, type Report } from './report.ts';

const many = 1_000;
const switches = 200;

/** The cost of rules: the core alone, a thousand of them beside ingest, and the way from a sensor to a lamp. */
export async function benchRules(runs: number, seconds: number): Promise<Report> {
  const [waiting, every] = [await evaluations(threshold), await evaluations(rate)];
  const results = new Map<string, Run[]>(Object.keys(books).map((name) => [name, []]));
  for (let run = 0; run < runs; run++) {
    for (const [name, rules] of Object.entries(books)) results.get(name)?.push(await ingestWith(rules, seconds));
  }
  const lamp = await sensorToLamp();
  return {
    title: 'Rules',
    conditions: `Core: ${many} rules that all look at every message of 100 devices. Ingest: 50 clients, 1 in flight, JSON of 200 bytes, medians of ${runs} runs of ${seconds} s, in turns. Lamp: ${switches} messages of a sensor, one after the other, on an idle gateway; from the publish to the command at the lamp's client, with three commits in between.`,
    columns: ['what', 'figure', 'unit'],
    rows: [
      ['thresholds that are not crossed, in the core', waiting / 1e6, 'million looked at per second'],
      ['rates of change, in the core', every / 1e6, 'million looked at per second'],
      ...[...results].flatMap(([name, all]): (string | number)[][] => [
        [`ingest with ${name}`, middle(all).perSecond, 'messages/s'],
        ['CPU of a message', middle(all).cpuMicros, 'µs'],
      ]),
      ['sensor message to lamp command, p50', lamp.p50, 'ms'],
      ['sensor message to lamp command, p99', lamp.p99, 'ms'],
    ],
    verdict: ['What the live view drops of a flood, the rules do not see; the alarm `rules-behind` tells of it.'],
  };
}

async function evaluations(document: (i: number) => RuleDocument): Promise<number> {
  const facts = (id: string): DeviceFacts => ({ id, name: id, profile: undefined, tags: [], places: [] });
  const engine = new RuleEngine({ facts, all: () => [], reports: () => false, refresh: () => undefined });
  for (let i = 0; i < many; i++) {
    const rule: Rule = ruleFrom(document(i), 'bench');
    engine.add(compileRule(rule, { offsetAt: () => 0, latitude: 0, longitude: 0 }, await toolsFor(rule)));
  }
  const startedAt = performance.now();
  let heard = 0;
  for (; performance.now() - startedAt < 2_000; heard++) {
    const value = 20 + (heard % 7);
    const device = `d${heard % 100}`;
    engine.hear(device, [{ device, word: 'x.json.temperature', value }], { lived: heard, wall: heard });
  }
  return (heard * many) / ((performance.now() - startedAt) / 1_000);
}

/** The load is that of 50 devices: so many rules look at each of its messages. */
const devices = 50;

/** It never fires here: what is measured is looking. */
const threshold = (i: number, device?: string): RuleDocument => ({
  id: `bench-${i}`,
  name: 'bench',
  per: 'device',
  when: { metric: 'x.json.temperature', above: 1_000 + i, clear: 900, ...(device && { where: { device } }) },
  do: [{ raise: 'BENCH' }],
});

const rate = (i: number): RuleDocument => ({
  id: `bench-${i}`,
  name: 'bench',
  when: { metric: 'x.json.temperature', rises: 1_000 + i, within: '1m' },
  do: [{ raise: 'BENCH' }],
});

const made = (document: (i: number) => RuleDocument): readonly RuleDocument[] =>
  Array.from({ length: many }, (_, i) => document(i));

/** The rules of a site, by what they look at. */
const books: Readonly<Record<string, readonly RuleDocument[]>> = {
  'no rules of the site': [],
  [`${many} thresholds, ${many / devices} on each device`]: made((i) =>
    threshold(i, `json:bench/device${i % devices}/state`),
  ),
  [`${many} thresholds, all on every device`]: made((i) => ({ ...threshold(i), per: 'house' })),
  [`${many} rates of change, all on every device`]: made(rate),
};

interface Run {
  readonly perSecond: number;
  readonly cpuMicros: number;
}

const middle = (runs: readonly Run[]): Run => ({
  perSecond: median(runs.map(({ perSecond }) => perSecond)),
  cpuMicros: median(runs.map(({ cpuMicros }) => cpuMicros)),
});

async function ingestWith(rules: readonly RuleDocument[], seconds: number): Promise<Run> {
  await using gateway = await withRules(rules);
  const cpu = { before: 0, after: 0 };
  const load = await runLoad({
    port: gateway.port,
    seconds,
    onMeasuring: () => (cpu.before = cpuSeconds(gateway.pid)),
    onMeasured: () => (cpu.after = cpuSeconds(gateway.pid)),
  });
  return { perSecond: load.perSecond, cpuMicros: ((cpu.after - cpu.before) * 1e6) / load.acknowledged };
}

async function withRules(rules: readonly RuleDocument[], config: Record<string, unknown> = {}): Promise<Subject> {
  const dir = mkdtempSync(join(tmpdir(), 'portcullis-bench-rules-'));
  for (const rule of rules) writeFileSync(join(dir, `${rule.id}.yaml`), JSON.stringify(rule));
  const gateway = await startGateway({ config: { rules: { dir }, ...config } });
  return {
    ...gateway,
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** A sensor that toggles, and a Tasmota lamp that follows by one rule. */
async function sensorToLamp(): Promise<{ readonly p50: number; readonly p99: number }> {
  const lamp = 'tasmota:lamp';
  const to = { device: lamp };
  const follow: RuleDocument = {
    id: 'follow',
    name: 'follow',
    when: { metric: 'occupancy', is: true, where: { device: 'json:bench/sensor/state' } },
    do: [{ command: 'switch', args: { on: true }, to }],
    otherwise: [{ command: 'switch', args: { on: false }, to }],
    most: { times: 60, per: '1s' },
  };
  const limits = { metrics: { 'switch.state': { perHour: 3_600 } } };
  await using gateway = await withRules([follow], { commands: { quietSeconds: 0 }, limits });
  const address = `mqtt://127.0.0.1:${gateway.port}`;
  const [sensor, bulb] = [
    await connectAsync(address, { clientId: 'sensor' }),
    await connectAsync(address, { clientId: 'lamp' }),
  ];
  let told: ((at: number) => void) | undefined;
  bulb.on('message', (_topic, payload) => {
    told?.(performance.now());
    bulb.publish('stat/lamp/RESULT', JSON.stringify({ POWER: payload.toString() }), { qos: 1 });
  });
  await bulb.subscribeAsync('cmnd/lamp/POWER', { qos: 1 });
  await bulb.publishAsync('tele/lamp/STATE', '{"POWER":"OFF"}', { qos: 1 });
  const taken: number[] = [];
  for (let n = 0; n < switches; n++) {
    const arrived = new Promise<number>((resolve) => (told = resolve));
    const sentAt = performance.now();
    await sensor.publishAsync('bench/sensor/state', JSON.stringify({ occupancy: n % 2 === 0, n }), { qos: 1 });
    taken.push((await arrived) - sentAt);
    // The lamp's answer ends the command before the next one.
    await sleep(60);
  }
  await Promise.all([sensor.endAsync(), bulb.endAsync()]);
  return timesOf(taken);
}
