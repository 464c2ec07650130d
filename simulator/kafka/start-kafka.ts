import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasJava, hasMaven, install, isInstalled, jarFolder, kafkaVersion } from './install.ts';
import { openJavaNode, type JavaNode } from './java-node.ts';
import type { SaslUser } from './node-files.ts';

export interface KafkaOptions {
  readonly brokers?: 1 | 2;
  /** Port of the first broker; a free one when absent. */
  readonly port?: number;
  /** Adds a listener with TLS and SASL on the first broker. */
  readonly secure?: { readonly cert: string; readonly key: string; readonly users: readonly SaslUser[] };
  /** Lines for server.properties of every node. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly cache?: string | undefined;
  readonly say: (sentence: string) => void;
}

/** A running cluster. Disposing ends its processes and removes its storage. */
export interface Kafka extends AsyncDisposable {
  readonly bootstrap: readonly string[];
  readonly secureBootstrap: readonly string[];
  readonly nodes: readonly JavaNode[];
}

/** Whether `startKafka` can work here, or the sentence that says why not. */
export async function whyNoJavaKafka(cache?: string): Promise<string | undefined> {
  if (!(await hasJava())) return 'Java 17 or newer is not here';
  if ((await isInstalled(jarFolder(cache))) || (await hasMaven())) return undefined;
  return `Maven is not here, and Kafka ${kafkaVersion} is not in ${jarFolder(cache)}`;
}

/**
 * Starts Apache Kafka in KRaft mode on loopback: one node that is broker and controller, and a second broker when asked.
 * Node 1 keeps the cluster's metadata, so leader changes are tried by taking node 2 away.
 * Throws an Error whose message is for a person.
 */
export async function startKafka({ brokers = 1, port, secure, settings, cache, say }: KafkaOptions): Promise<Kafka> {
  const jars = jarFolder(cache);
  if (!(await isInstalled(jars))) {
    say(`fetching Apache Kafka ${kafkaVersion} from Maven Central (once, about 50 MB)…`);
    await install(jars);
  }
  await using starting = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-kafka-'));
  starting.defer(() => rm(folder, { recursive: true, force: true }));
  const [controllerPort = 0, securePort = 0, ...free] = await freePorts(2 + brokers);
  const ports = free.map((one, index) => (index === 0 ? (port ?? one) : one));
  const clusterId = randomBytes(16).toString('base64url');
  say(`starting Apache Kafka ${kafkaVersion}, ${brokers === 1 ? 'one broker' : 'two brokers'}…`);
  const nodes: JavaNode[] = [];
  for (const [index, plainPort] of ports.entries()) {
    const node = await openJavaNode(jars, clusterId, {
      id: index + 1,
      folder: join(folder, String(index + 1)),
      plain: { port: plainPort },
      controllerPort,
      brokers,
      ...(settings && { settings }),
      ...(secure && index === 0 && { secure: { port: securePort, tls: secure, users: secure.users } }),
    });
    starting.defer(() => node.kill());
    nodes.push(node);
    await node.start();
  }
  const running = starting.move();
  return {
    bootstrap: ports.map((one) => `127.0.0.1:${one}`),
    secureBootstrap: secure ? [`127.0.0.1:${securePort}`] : [],
    nodes,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Distinct loopback ports that are free now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  try {
    return await Promise.all(
      servers.map(
        (server) =>
          new Promise<number>((resolve, reject) => {
            server.once('error', reject);
            server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
          }),
      ),
    );
  } finally {
    for (const server of servers) server.close();
  }
}
