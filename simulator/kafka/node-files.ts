import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Listener {
  readonly port: number;
  /** PEM texts; with them the listener speaks TLS and asks for SASL. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

export interface NodeSpec {
  readonly id: number;
  readonly folder: string;
  readonly plain: Listener;
  readonly secure?: Listener & { readonly users: readonly SaslUser[] };
  /** Port of the one controller; node 1 is it. */
  readonly controllerPort: number;
  readonly brokers: number;
  readonly settings?: Readonly<Record<string, string>>;
}

export interface SaslUser {
  readonly name: string;
  readonly password: string;
}

const jaas = (module: string, options = ''): string => `org.apache.kafka.common.security.${module} required${options};`;

const oneLine = (pem: string): string => pem.trim().replaceAll('\n', '\\n');

function secureListener({ tls, users }: NonNullable<NodeSpec['secure']>): Record<string, string> {
  const prefix = 'listener.name.secure';
  const plain = users.map(({ name, password }) => ` user_${name}="${password}"`).join('');
  return {
    [`${prefix}.sasl.enabled.mechanisms`]: 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    [`${prefix}.plain.sasl.jaas.config`]: jaas('plain.PlainLoginModule', plain),
    [`${prefix}.scram-sha-256.sasl.jaas.config`]: jaas('scram.ScramLoginModule'),
    [`${prefix}.scram-sha-512.sasl.jaas.config`]: jaas('scram.ScramLoginModule'),
    [`${prefix}.ssl.keystore.type`]: 'PEM',
    [`${prefix}.ssl.keystore.certificate.chain`]: oneLine(tls?.cert ?? ''),
    [`${prefix}.ssl.keystore.key`]: oneLine(tls?.key ?? ''),
  };
}

function properties(node: NodeSpec): Record<string, string> {
  const { id, plain, secure, controllerPort, brokers, settings } = node;
  const first = id === 1;
  const listeners = [`PLAIN://127.0.0.1:${plain.port}`, ...(secure ? [`SECURE://127.0.0.1:${secure.port}`] : [])];
  const controller = `CONTROLLER://127.0.0.1:${controllerPort}`;
  return {
    'node.id': String(id),
    'process.roles': first ? 'broker,controller' : 'broker',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: [...listeners, ...(first ? [controller] : [])].join(','),
    'advertised.listeners': listeners.join(','),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAIN',
    'listener.security.protocol.map': 'PLAIN:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL',
    'log.dirs': logFolder(node),
    'num.partitions': '4',
    'default.replication.factor': String(brokers),
    'min.insync.replicas': '1',
    'offsets.topic.num.partitions': '4',
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    'auto.create.topics.enable': 'false',
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    'replica.lag.time.max.ms': '3000',
    'controlled.shutdown.enable': 'true',
    'num.network.threads': '2',
    'num.io.threads': '4',
    ...(secure && secureListener(secure)),
    ...settings,
  };
}

const log4j = `status = error
appender.out.type = Console
appender.out.name = OUT
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d %p %m (%c)%n
rootLogger.level = warn
rootLogger.appenderRef.out.ref = OUT
logger.server.name = kafka.server.KafkaRaftServer
logger.server.level = info
`;

/**
 * Formats the node's storage as `kafka.tools.StorageTool format` does where there is nothing to store in it (no SASL
 * users): a file that names the cluster and the node. The tool would be a Java process more for each node.
 */
export async function formatStorage(node: NodeSpec, clusterId: string): Promise<void> {
  const folder = logFolder(node);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'meta.properties'), `version=1\ncluster.id=${clusterId}\nnode.id=${node.id}\n`);
}

const logFolder = ({ folder }: Pick<NodeSpec, 'folder'>): string => join(folder, 'log');

/** Writes what the node's Java process reads; the paths of both files come back. */
export async function writeNodeFiles(node: NodeSpec): Promise<{ config: string; logging: string }> {
  const config = join(node.folder, 'server.properties');
  const logging = join(node.folder, 'log4j2.properties');
  const lines = Object.entries(properties(node)).map(([key, value]) => `${key}=${value}\n`);
  await writeFile(config, lines.join(''), { mode: 0o600 });
  await writeFile(logging, log4j);
  return { config, logging };
}
