import { join } from 'node:path';
import { run } from './install.ts';
import { freePorts, startKafka, whyNoJavaKafka, type Kafka, type KafkaOptions } from './start-kafka.ts';

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
    return givenKafka(bootstrap);
  }
  return { why: `${noJava}; ${noDocker ?? 'docker compose runs one broker only'}; KAFKA_BOOTSTRAP is not set` };
}

/** The Kafka that somebody names by addresses with commas between them; it stays as it is. */
export const givenKafka = (bootstrap: string): FoundKafka => ({
  bootstrap: bootstrap.split(','),
  [Symbol.asyncDispose]: () => Promise.resolve(),
});

/** Whether docker compose can start containers, or the sentence that says why not. */
export async function whyNoDocker(): Promise<string | undefined> {
  if (!(await run('docker', ['compose', 'version'], 20_000)).ok) return 'docker compose is not here';
  return (await run('docker', ['info'], 20_000)).ok ? undefined : 'the docker daemon does not answer';
}

async function startComposed({ port, say }: KafkaOptions): Promise<FoundKafka> {
  const [free = 0] = await freePorts(1);
  const ours = port ?? free;
  const compose = ['compose', '-f', composeFile, '-p', `portcullis-kafka-${ours}`];
  const docker = (...args: string[]) =>
    run('docker', [...compose, ...args], composeMs, { PORTCULLIS_KAFKA_PORT: String(ours) });
  say('starting Apache Kafka with docker compose…');
  const { ok, said } = await docker('up', '-d', '--wait');
  const down = async (): Promise<void> => void (await docker('down', '-v'));
  if (!ok) {
    await down();
    throw new Error(`docker compose could not start Kafka. It said:\n${said.slice(-2_000)}`);
  }
  return { bootstrap: [`127.0.0.1:${ours}`], [Symbol.asyncDispose]: down };
}
