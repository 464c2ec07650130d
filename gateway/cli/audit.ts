import { Command, Option } from 'commander';
import { z } from 'zod';
import { PortcullisError } from '../../contracts/errors.ts';
import type { KafkaOptions } from '../delivery/kafka/options.ts';
import { judge, SequenceAudit, type BootReport, type GatewayVerdict, type KafkaLedger } from './sequence-audit.ts';

interface AuditOptions {
  readonly kafka?: boolean;
  readonly config?: string;
  readonly brokers?: string;
  readonly topic?: string;
  readonly ledger?: readonly string[];
  readonly json?: boolean;
}

const marks = { proven: '✓', broken: '✗', open: '?' } as const;

/** `portcullis audit --kafka`: proves from the events topic that nothing is missing and nothing came about twice. */
export function auditCommand(): Command {
  return new Command('audit')
    .description(
      'Read the events topic and prove for each gateway and boot that no sequence number is missing or effective twice. ' +
        'Exit 0 proven, 1 broken, 2 cannot be proven (retention has deleted the beginning), 69 Kafka is away.',
    )
    .requiredOption('--kafka', 'audit what is in Kafka')
    .addOption(new Option('--config <file>', 'configuration file with kafka in it').conflicts('brokers'))
    .option('--brokers <list>', 'host:port, comma separated, instead of a configuration')
    .option('--topic <name>', 'the events topic, with --brokers', 'portcullis.events')
    .option('--ledger <gateway=file...>', 'output of "portcullis ledger --json" of a gateway: it may explain gaps')
    .option('--json', 'print as JSON')
    .action(async (options: AuditOptions) => {
      const ledgers = await readLedgers(options.ledger ?? []);
      const kafka = await connectionOf(options);
      const { boots, cutOff, foreign } = await audit(kafka);
      const gateways = new Set([...boots.map(({ gateway }) => gateway), ...ledgers.keys()]);
      const verdicts = [...gateways].map((gateway) =>
        judge(
          gateway,
          boots.filter((report) => report.gateway === gateway),
          ledgers.get(gateway),
          cutOff,
        ),
      );
      if (options.json) console.log(JSON.stringify({ gateways: verdicts, boots, cutOff, foreign }, null, 2));
      else print(verdicts, boots, foreign);
      process.exitCode = exitCodeOf(verdicts);
    });
}

function exitCodeOf(verdicts: readonly GatewayVerdict[]): number {
  if (verdicts.some(({ proof }) => proof === 'broken')) return 1;
  return verdicts.length === 0 || verdicts.some(({ proof }) => proof === 'open') ? 2 : 0;
}

async function connectionOf({ config, brokers, topic }: AuditOptions): Promise<KafkaOptions> {
  const { kafkaOptions } = await import('../stage-options.ts');
  if (brokers !== undefined) {
    const { kafkaSchema } = await import('../config/kafka-schema.ts');
    const { data, error } = kafkaSchema.safeParse({ brokers: brokers.split(','), topics: { events: topic } });
    if (error) throw new PortcullisError('USAGE', `--brokers or --topic: ${error.issues[0]?.message ?? ''}.`);
    return kafkaOptions(data, 'audit');
  }
  if (config === undefined) throw new PortcullisError('USAGE', 'Say which Kafka: --config FILE or --brokers LIST.');
  const { loadConfig } = await import('../config/load-config.ts');
  const { kafka } = await loadConfig(config);
  if (kafka === undefined) throw new PortcullisError('USAGE', `There is no kafka in ${config}.`);
  return kafkaOptions(kafka, 'audit');
}

async function audit(kafka: KafkaOptions) {
  const [{ readTopics }, { placeOf }] = await Promise.all([
    import('../delivery/kafka/read-topics.ts'),
    import('../../contracts/effective-once.ts'),
  ]);
  const sequences = new SequenceAudit();
  let foreign = 0;
  const spans = await readTopics(kafka, [kafka.topics.events], ({ key, headers }) => {
    const place = placeOf(key, headers);
    if (place === undefined) foreign += 1;
    else sequences.take(place);
  });
  return { boots: sequences.report(), cutOff: spans.some(({ first }) => first > 0n), foreign };
}

const count = z.number();
const ledgerSchema = z.object({
  sinks: z.array(
    z.object({
      sink: z.string(),
      delivered: count,
      buffered: count,
      expired: count,
      evicted: count,
      deadLettered: count,
      predates: count,
    }),
  ),
});

async function readLedgers(pairs: readonly string[]): Promise<Map<string, KafkaLedger>> {
  const { readText } = await import('../config/read-text.ts');
  const ledgers = new Map<string, KafkaLedger>();
  for (const pair of pairs) {
    const [gateway = '', ...rest] = pair.split('=');
    const file = rest.join('=');
    if (gateway === '' || file === '') throw new PortcullisError('USAGE', `--ledger ${pair} is not GATEWAY=FILE.`);
    const line = kafkaLine(await readText(file));
    if (line === undefined) throw new PortcullisError('USAGE', `${file} is no ledger with a line for kafka.`);
    ledgers.set(gateway, line);
  }
  return ledgers;
}

function kafkaLine(text: string): KafkaLedger | undefined {
  try {
    return ledgerSchema.safeParse(JSON.parse(text)).data?.sinks.find(({ sink }) => sink === 'kafka');
  } catch {
    return undefined;
  }
}

function print(verdicts: readonly GatewayVerdict[], boots: readonly BootReport[], foreign: number): void {
  for (const { gateway, proof, says } of verdicts) {
    console.log(`${marks[proof]} ${gateway}: ${says}`);
    for (const report of boots.filter((one) => one.gateway === gateway)) {
      const { boot, last, effective, duplicates, gaps } = report;
      const text = gaps.map(([from, to]) => (from === to ? String(from) : `${from}–${to}`)).join(', ');
      const missing = text === '' ? '' : `; missing ${text}`;
      console.log(`    boot ${boot}: 0–${last}, ${effective} effective, ${duplicates} duplicates collapsed${missing}`);
    }
  }
  if (foreign > 0) console.log(`? ${foreign} records that no gateway wrote`);
  if (verdicts.length === 0) console.log('? the topic is empty');
}
