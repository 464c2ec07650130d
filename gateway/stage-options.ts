import { join } from 'node:path';
import type { PluginCell } from '../contracts/cell.ts';
import type { BufferOptions } from './buffer/options.ts';
import type { CommandOptions } from './commands/options.ts';
import { readAuthorities, readCertificate } from './config/certificates.ts';
import { readConfigured } from './config/read-text.ts';
import { readProducts } from './config/products-file.ts';
import type { Ownership } from './config/ownership.ts';
import type { Config } from './config/schema.ts';
import { endpointOf, environmentOf } from './config/tuya-schema.ts';
import type { TestSwitches } from './config/test-switches.ts';
import type { InfluxOptions } from './delivery/influx/influx-sink.ts';
import type { KafkaOptions } from './delivery/kafka/options.ts';
import type { TuyaOptions } from './delivery/tuya/tuya-sink.ts';
import { filename as historyFollower } from './history/follower.ts';
import type { HistoryOptions } from './history/options.ts';
import { ingestDefaults, type IngestOptions, type PluginSource } from './preprocess/options.ts';
import { ownCertificate, type Certificate } from './lib/own-certificate.ts';
import { version } from './version.ts';
import type { ApiOptions } from './api/listen-api.ts';
import type { OpenIdentity } from './open-identity.ts';
import type { TableSet } from '../contracts/table-set.ts';
import type { GpioLineOptions, GpioOptions, LinePlace } from './transports/gpio/options.ts';
import type { SerialPortOptions } from './transports/serial/options.ts';
import type { MqttOptions } from './transports/mqtt/options.ts';

const dayMs = 86_400_000;
const secondMs = 1_000;

/**
 * The sinks that records wait for. While none is configured, all of them: what is skipped today is queued, not lost.
 * Beside a configured one, another that is not would only fill the disk.
 */
function sinkNames({ cloud, kafka, influx }: Pick<Config, 'cloud' | 'kafka' | 'influx'>): readonly string[] {
  const configured = [...(cloud.tuya ? ['tuya'] : []), ...(kafka ? ['kafka'] : []), ...(influx ? ['influx'] : [])];
  return configured.length > 0 ? configured : ['tuya', 'kafka', 'influx'];
}

/** What the buffer needs of the configuration. */
export function bufferOptions(
  { dataDir, buffer, cloud, kafka, influx, history }: Config,
  { name, identity }: Pick<OpenIdentity, 'name' | 'identity'>,
  tables: readonly TableSet[],
  switches: TestSwitches,
): BufferOptions {
  return {
    dataDir,
    gateway: name,
    epoch: identity.epoch,
    tables,
    follower: history.enabled ? { filename: historyFollower, options: historyOptions(history, buffer) } : undefined,
    sinks: sinkNames({ cloud, kafka, influx }),
    limits: {
      fileBytes: buffer.maxBytes,
      ...(buffer.maxAgeDays !== undefined && { maxAgeMs: buffer.maxAgeDays * dayMs }),
    },
    linger: { maxMs: buffer.lingerMs, commitsPerDay: buffer.commitsPerDay },
    synchronous: switches.synchronous,
    settle: switches.settle,
    migrate: switches.migrate,
    salvage: switches.salvage,
  };
}

/** What history needs of the configuration; it never takes the room that undelivered records need. */
function historyOptions(
  { samplesDays, fiveMinutesDays, hoursDays, maxBytes, writeMinutes }: Config['history'],
  buffer: Config['buffer'],
): HistoryOptions {
  return {
    keepMs: [samplesDays * dayMs, fiveMinutesDays * dayMs, hoursDays * dayMs],
    maxBytes: Math.min(maxBytes, buffer.maxBytes / 4),
    gatherMs: writeMinutes * 60 * secondMs,
  };
}

/** What the commands need of the configuration. */
export function commandOptions({ commands, limits }: Config, { act, onMoment }: TestSwitches): CommandOptions {
  return { quietMs: commands.quietSeconds * secondMs, limits, act, onMoment };
}

/**
 * The plugins' own configuration. Clients without credentials have ids made up at each connect, so where they are let
 * in, a device of plain JSON is its topic.
 */
export function pluginConfig({ mqtt, plugins }: Config): Readonly<Record<string, unknown>> {
  return mqtt.anonymous ? { 'generic-json': { identity: 'topic' }, ...plugins.config } : plugins.config;
}

interface PluginsToRun {
  readonly threads: readonly PluginSource[];
  readonly cells: readonly PluginCell[];
}

/** What ingest needs of the configuration. */
export function ingestOptions({ site, preprocess }: Config, plugins: PluginsToRun): IngestOptions {
  const rooms = Object.entries(site.rooms).flatMap(([room, devices]) => devices.map((device) => [device, room]));
  const perMetric = <Rule, Out>(rules: Record<string, Rule>, to: (rule: Rule) => Out): Record<string, Out> =>
    Object.fromEntries(Object.entries(rules).map(([metric, rule]) => [metric, to(rule)]));
  return {
    ...ingestDefaults,
    plugins: plugins.threads,
    cells: plugins.cells,
    threads: preprocess.threads,
    fallback: preprocess.fallbackPlugin ?? undefined,
    site: { name: site.name, timeZone: site.timeZone, rooms: Object.fromEntries(rooms) as Record<string, string> },
    steps: {
      ...ingestDefaults.steps,
      dedupeMs: preprocess.dedupeWindowSeconds * secondMs,
      deadband: perMetric(preprocess.deadband, ({ absolute, relative, maxSilenceSeconds }) => ({
        absolute,
        relative,
        maxSilenceMs: maxSilenceSeconds * secondMs,
      })),
      rollup: perMetric(preprocess.rollup, ({ windowSeconds }) => ({ windowMs: windowSeconds * secondMs })),
    },
  };
}

/** What the broker needs of the configuration; makes the gateway's own certificate where none is given. */
export async function mqttOptions(
  { mqtt, dataDir }: Config,
  gateway: string,
  { switches, ownership }: { readonly switches: TestSwitches; readonly ownership: Ownership },
  nowMs: number,
): Promise<MqttOptions> {
  return {
    host: mqtt.host,
    isClosed: () => !ownership.isClaimed(),
    tcp: { port: mqtt.port },
    tls: mqtt.tls && { port: mqtt.tls.port, ...(await brokerTls(mqtt.tls, dataDir, gateway, nowMs)) },
    ws: mqtt.websocket,
    anonymous: mqtt.anonymous,
    actuationFilters: mqtt.actuationTopics,
    profiles: Object.entries(mqtt.profiles).map(([name, profile]) => Object.assign({ name }, profile)),
    limits: { maxPacketBytes: mqtt.maxPacketBytes, maxConnections: mqtt.maxConnections },
    acknowledge: switches.acknowledge,
  };
}

/** What the API needs of the configuration; makes the gateway's own certificate where none is given. */
export async function apiOptions({ http, dataDir }: Config, gateway: string, nowMs: number): Promise<ApiOptions> {
  const { tls, ...plain } = http;
  if (tls === undefined) return { ...plain, version };
  const material = await certificateOf(tls, 'http.tls', join(dataDir, 'tls'), [gateway, nowMs]);
  return { ...plain, version, tls: { host: tls.host, port: tls.port, ...material } };
}

type TlsConfig = NonNullable<Config['mqtt']['tls']>;

async function brokerTls(tls: TlsConfig, dataDir: string, gateway: string, nowMs: number) {
  const material = await certificateOf(tls, 'mqtt.tls', join(dataDir, 'tls'), [gateway, nowMs]);
  if (tls.clientCaFile === undefined) return material;
  return { ...material, ca: await readAuthorities(tls.clientCaFile, 'mqtt.tls.clientCaFile') };
}

/** The certificate that the files of `key` give, else the gateway's own. */
async function certificateOf(
  { certFile, keyFile }: Pick<TlsConfig, 'certFile' | 'keyFile'>,
  key: 'mqtt.tls' | 'http.tls',
  folder: string,
  [gateway, nowMs]: readonly [string, number],
): Promise<Certificate> {
  if (certFile === undefined || keyFile === undefined) return ownCertificate(folder, gateway, nowMs);
  return readCertificate(certFile, keyFile, key);
}

/** What the Tuya sink needs of the configuration; the secret is read once, here. */
export async function tuyaOptions(tuya: NonNullable<Config['cloud']['tuya']>): Promise<TuyaOptions> {
  const { secretFile, ca, dataPoints, products, region: _, ...rest } = tuya;
  const profiles = Object.entries(products === undefined ? {} : await readProducts(products));
  return {
    ...rest,
    secret: await readConfigured(secretFile, 'cloud.tuya.secretFile'),
    ...(ca !== undefined && { ca: await readAuthorities(ca, 'cloud.tuya.ca') }),
    endpoint: endpointOf(tuya),
    environment: environmentOf(tuya),
    dataPoints: new Map(Object.entries(dataPoints)),
    profiles: new Map(
      profiles.map(([profile, { productId, dataPoints: points }]) => [
        profile,
        { productId, dataPoints: new Map(Object.entries(points)) },
      ]),
    ),
  };
}

/** What the Kafka sink needs of the configuration; the password is read once, here. */
export async function kafkaOptions(kafka: NonNullable<Config['kafka']>, gateway: string): Promise<KafkaOptions> {
  const { brokers, topics, createTopics, partitions, compression, tls, sasl } = kafka;
  return {
    brokers,
    gateway,
    topics,
    compression,
    ...(createTopics && { createTopics: { partitions, replicas: -1 } }),
    ...(tls && { tls: tls.ca === undefined ? {} : { ca: await readAuthorities(tls.ca, 'kafka.tls.ca') } }),
    ...(sasl && {
      sasl: {
        mechanism: sasl.mechanism,
        username: sasl.username,
        password: await readConfigured(sasl.passwordFile, 'kafka.sasl.passwordFile'),
      },
    }),
  };
}

/** What the sink for InfluxDB needs of the configuration; password and token are read. */
export async function influxOptions(influx: NonNullable<Config['influx']>): Promise<InfluxOptions> {
  const { url, ca, database, retentionPolicy, username, passwordFile, organization, bucket, tokenFile, maxSeries } =
    influx;
  const authorization =
    tokenFile !== undefined
      ? `Token ${await readConfigured(tokenFile, 'influx.tokenFile')}`
      : passwordFile !== undefined
        ? `Basic ${Buffer.from(`${username}:${await readConfigured(passwordFile, 'influx.passwordFile')}`).toString('base64')}`
        : undefined;
  return {
    url: new URL(url),
    version: database === undefined ? 2 : 1,
    into:
      database === undefined
        ? { org: organization ?? '', bucket: bucket ?? '' }
        : { db: database, ...(retentionPolicy !== undefined && { rp: retentionPolicy }) },
    maxSeries,
    ...(authorization !== undefined && { authorization }),
    ...(ca !== undefined && { ca: await readAuthorities(ca, 'influx.ca') }),
  };
}

/** What the serial lines need of the configuration. */
export function serialOptions({ serial }: Config): readonly SerialPortOptions[] {
  return Object.entries(serial.ports).map(([name, { adapter, baudRate, dataBits, parity, stopBits, protocol }]) => ({
    name,
    adapter,
    baudRate,
    dataBits,
    parity,
    stopBits,
    protocol: protocol.as === 'delimiter' ? { as: protocol.as, delimiter: Buffer.from(protocol.delimiter) } : protocol,
  }));
}

/** What the GPIO lines need of the configuration. */
export function gpioOptions({ gpio }: Config): GpioOptions {
  const lines = Object.entries(gpio.lines).map(([name, line]): GpioLineOptions => {
    const place: LinePlace = line.pin === undefined ? { line: line.line ?? '' } : { pin: line.pin };
    const { activeLow } = line;
    if (line.as === 'output') return { name, place, activeLow, as: 'output', safe: line.safe === 'on' ? 1 : 0 };
    const { pull, debounceMs } = line;
    if (line.as === 'input') return { name, place, activeLow, as: 'input', pull, debounceMs };
    return { name, place, activeLow, as: 'counter', pull, debounceMs, reportMs: line.reportSeconds * secondMs };
  });
  return { interface: gpio.interface, board: gpio.board, lines };
}
