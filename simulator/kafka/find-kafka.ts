import { join } from 'node:path';
import { run } from './install.ts';
import { startKafka, whyNoJavaKafka, type Kafka, type KafkaOptions } from './start-kafka.ts';

/** A Kafka that somebody else may run: without `nodes` it cannot be stopped or killed from here. */
export type FoundKafka = Pick<Kafka, 'bootstrap'> & Partial<Pick<Kafka, 'nodes' | 'secureBootstrap'>> & AsyncDisposable;

const composeFile = join(import.meta.dirname, '../../scripts/kafka-compose.yaml');
const composeMs = 300_000;

/**
 * A real Kafka by the first way that this machine has: Java with jars from Maven Central, docker compose, or the one
 * that `bootstrap` names. Returns the reasons in words when there is none of the three.
 */
export async function findKafka(
  options: KafkaOptions,
  bootstrap: string | undefined,
): Promise<FoundKafka | { readonly why: string }> {
  const noJava = await whyNoJavaKafka(options.cache);
  if (noJava === undefined) return startKafka(options);
  const noDocker = await whyNoDocker();
  if (noDocker === undefined && options.brokers !== 2) return startComposed(options);
  if (bootstrap !== undefined && bootstrap !== '') {
    options.say(`using the Kafka at ${bootstrap}`);
    return { bootstrap: bootstrap.split(','), [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  return { why: `${noJava}; ${noDocker ?? 'docker compose runs one broker only'}; KAFKA_BOOTSTRAP is not set` };
}

async function whyNoDocker(): Promise<string | undefined> {
  if (!(await run('docker', ['compose', 'version'], 20_000)).ok) return 'docker compose is not here';
  return (await run('docker', ['info'], 20_000)).ok ? undefined : 'the docker daemon does not answer';
}

async function startComposed({ port = 9092, say }: KafkaOptions): Promise<FoundKafka> {
  const env = `PORTCULLIS_KAFKA_PORT=${port}`;
  const compose = ['docker', 'compose', '-f', composeFile, '-p', `portcullis-kafka-${port}`];
  say('starting Apache Kafka with docker compose…');
  const { ok, said } = await run('env', [env, ...compose, 'up', '-d', '--wait'], composeMs);
  const down = async (): Promise<void> => void (await run('env', [env, ...compose, 'down', '-v'], composeMs));
  if (!ok) {
    await down();
    throw new Error(`docker compose could not start Kafka. It said:\n${said.slice(-2_000)}`);
  }
  return { bootstrap: [`127.0.0.1:${port}`], [Symbol.asyncDispose]: down };
}
