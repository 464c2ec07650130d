// A fleet in one process: gateways register their devices, report, and take commands through one real Kafka.
// node bench/fleet.ts --gateways 200 --devices 5000 --partitions 12 --commands 1000
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import type { CommandPort, CommandStatus } from '../contracts/command.ts';
import { placeOf } from '../contracts/effective-once.ts';
import type { Message } from '../contracts/message.ts';
import { judge, SequenceAudit } from '../gateway/cli/sequence-audit.ts';
import { startCommandsIn } from '../gateway/delivery/kafka/commands-in.ts';
import { openKafkaClient, type KafkaClient } from '../gateway/delivery/kafka/kafka-client.ts';
import type { KafkaOptions } from '../gateway/delivery/kafka/options.ts';
import { readTopics } from '../gateway/delivery/kafka/read-topics.ts';
import { recordsOf, sizeOf, type KafkaRecord } from '../gateway/delivery/kafka/records.ts';
import { startKafka, type Kafka } from '../simulator/kafka/start-kafka.ts';
import { sinkOptions } from '../test/harness/kafka.ts';
import { cpuSeconds } from './process-stats.ts';

const { values } = parseArgs({
  options: {
    gateways: { type: 'string', default: '200' },
    devices: { type: 'string', default: '5000' },
    partitions: { type: 'string', default: '12' },
    commands: { type: 'string', default: '1000' },
  },
});
const size = {
  gateways: Number(values.gateways),
  devices: Number(values.devices),
  partitions: Number(values.partitions),
  commands: Number(values.commands),
};
const boundMs = 1_800_000;
const perCall = 500;
const atOnce = 8;

/** One simulated gateway: its identity and its place in its own log. */
class FleetGateway {
  readonly options: KafkaOptions;
  readonly #client: KafkaClient;
  #sequence = 0;

  constructor(shared: KafkaOptions, index: number) {
    this.options = { ...shared, gateway: `gw-${String(index).padStart(4, '0')}` };
    this.#client = openKafkaClient(this.options);
  }

  /** Writes one message for each of its devices, as the sink does. */
  async tell(make: (device: string) => Partial<Message>): Promise<{ records: number; bytes: number }> {
    let [records, bytes] = [0, 0];
    for (let from = 0; from < size.devices; from += perCall) {
      const batch: KafkaRecord[] = [];
      for (let i = from; i < Math.min(from + perCall, size.devices); i++) {
        batch.push(...this.#recordsOf(`${this.options.gateway}:d${i}`, make));
      }
      await this.#client.send(batch);
      records += batch.length;
      bytes += batch.reduce((sum, record) => sum + sizeOf(record), 0);
    }
    return { records, bytes };
  }

  async result(device: string, id: string): Promise<void> {
    const result = { command: id, name: 'turn_on', source: 'kafka', state: 'acked' } as const;
    await this.#client.send(this.#recordsOf(device, () => ({ kind: 'result', m: [], result })));
  }

  close(): Promise<void> {
    return Promise.resolve(this.#client[Symbol.asyncDispose]());
  }

  #recordsOf(device: string, make: (device: string) => Partial<Message>): KafkaRecord[] {
    const now = Date.now();
    const seq = this.#sequence++;
    const message: Message = {
      v: 1,
      id: `${this.options.gateway.slice(3)}${seq.toString(16)}`.padStart(32, '0'),
      gw: this.options.gateway,
      boot: 1,
      seq,
      kind: 'telemetry',
      dev: { id: device },
      ts: now,
      rts: now,
      clk: 'gateway',
      src: { proto: 'sim', topic: `sim/${device}` },
      hist: false,
      m: [],
      ...make(device),
    };
    return recordsOf(message, 'normal', this.options.topics);
  }
}

const registered = (id: string): Partial<Message> => ({
  kind: 'change',
  change: { subject: 'device', id, op: 'created', version: 1, value: { id, profile: 'lamp', state: 'SHADOW' } },
});
const reported = (): Partial<Message> => ({ m: [{ n: 'temperature', v: 20.5, u: 'Cel' }] });

async function measured<T>(kafka: Kafka, name: string, count: number, work: () => Promise<T>): Promise<T> {
  const pid = kafka.nodes[0]?.pid ?? 0;
  const [at, own, broker] = [performance.now(), process.cpuUsage(), cpuSeconds(pid)];
  const result = await work();
  const seconds = (performance.now() - at) / 1_000;
  const { user, system } = process.cpuUsage(own);
  const cpu = (user + system) / 1e6;
  const brokerCpu = cpuSeconds(pid) - broker;
  const perDevice = (value: number): string => ((value / count) * 1e6).toFixed(0);
  console.log(
    `| ${name} | ${count.toLocaleString('en')} | ${seconds.toFixed(1)} | ${Math.round(count / seconds).toLocaleString('en')} | ${perDevice(cpu)} | ${perDevice(brokerCpu)} | ${Math.round(process.memoryUsage.rss() / 1e6)} |`,
  );
  return result;
}

/** Works on all gateways, a few at the same time. */
async function each<T>(fleet: readonly FleetGateway[], work: (gateway: FleetGateway) => Promise<T>): Promise<T[]> {
  const rest = fleet.values();
  const results: T[] = [];
  const worker = async (): Promise<void> => {
    for (const gateway of rest) results.push(await work(gateway));
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}

async function command(kafka: Kafka, fleet: readonly FleetGateway[], shared: KafkaOptions): Promise<void> {
  const topic = shared.topics.commands ?? '';
  const taken = new Set<string>();
  const results: Promise<void>[] = [];
  const readers: AsyncDisposable[] = [];
  const nothing = {
    append: () => Promise.resolve(),
    store: { read: () => Promise.resolve([]) },
    wallMs: () => Date.now(),
    log: pino({ level: 'error' }),
  };
  await measured(kafka, 'gateways that join as readers of commands', fleet.length, async () => {
    for (const gateway of fleet) {
      const commands: CommandPort = {
        status: () => Promise.resolve(undefined),
        submit: ({ id, device, name, source }) => {
          if (!taken.has(id)) results.push(gateway.result(device, id));
          taken.add(id);
          return Promise.resolve<CommandStatus>({ id, device, name, source, state: 'accepted' });
        },
      };
      readers.push(startCommandsIn(gateway.options, topic, { commands, ...nothing }));
    }
    await using platform = openKafkaClient(shared);
    await platform.send(fleet.map((gateway) => commandRecord(topic, gateway, 'hello')));
    await until(() => taken.size === fleet.length);
    await Promise.all(results);
  });
  await measured(kafka, 'commands: written, taken by their gateway, answered', size.commands, async () => {
    await using platform = openKafkaClient(shared);
    for (let n = 0; n < size.commands; n += fleet.length) {
      const round = fleet.slice(0, size.commands - n);
      await platform.send(round.map((gateway) => commandRecord(topic, gateway, `c${n}`)));
    }
    await until(() => taken.size === fleet.length + size.commands);
    await Promise.all(results);
  });
  await Promise.all(readers.map((reader) => reader[Symbol.asyncDispose]()));
}

function commandRecord(topic: string, { options }: FleetGateway, name: string): KafkaRecord {
  const device = `${options.gateway}:d1`;
  const value = { id: `${options.gateway}-${name}`, device, name: 'turn_on', args: {}, ttlMs: 600_000 };
  return {
    topic,
    key: Buffer.from(device),
    value: Buffer.from(JSON.stringify(value)),
    headers: new Map([[Buffer.from('gateway'), Buffer.from(options.gateway)]]),
  };
}

async function until(done: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + boundMs;
  while (!done()) {
    if (performance.now() > giveUpAt) throw new Error('the fleet did not finish in time');
    await sleep(20);
  }
}

/** What a platform does: reads everything, collapses duplicates, and proves that nothing is missing. */
async function prove(shared: KafkaOptions): Promise<string> {
  const audit = new SequenceAudit();
  let records = 0;
  await readTopics(shared, [shared.topics.events], ({ key, headers }) => {
    const place = placeOf(key, headers);
    if (place === undefined) return;
    audit.take(place);
    records += 1;
  });
  const reports = audit.report();
  const broken = reports.filter((report) => judge(report.gateway, [report], undefined, false).proof !== 'proven');
  return `${reports.length} gateways, ${records.toLocaleString('en')} events, ${broken.length} not proven`;
}

await using kafka = await startKafka({ say: (sentence) => console.error(sentence) });
const shared = sinkOptions(kafka, { gateway: 'platform', createTopics: { partitions: size.partitions, replicas: 1 } });
{
  await using first = openKafkaClient(shared);
  await first.prepare();
}
const fleet = Array.from({ length: size.gateways }, (_, i) => new FleetGateway(shared, i));
const devices = size.gateways * size.devices;
console.log('| what | count | seconds | per second | gateways: CPU µs each | broker: CPU µs each | resident MB |');
console.log('|---|---|---|---|---|---|---|');
const sums = [
  await measured(kafka, 'devices registered (event and change)', devices, () =>
    each(fleet, (one) => one.tell(registered)),
  ),
  await measured(kafka, 'devices that report (event and metric)', devices, () =>
    each(fleet, (one) => one.tell(reported)),
  ),
].flat();
await command(kafka, fleet, shared);
const events = 2 * devices + size.gateways + size.commands;
const proof = await measured(kafka, 'events read back and audited', events, () => prove(shared));
const bytes = sums.reduce((sum, one) => sum + one.bytes, 0);
console.log(
  `\n${proof}; ${Math.round(bytes / devices)} bytes of records per device that registered and reported once.`,
);
for (const gateway of fleet) await gateway.close();
