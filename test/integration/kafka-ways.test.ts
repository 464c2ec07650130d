import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { parse } from 'yaml';
import { kafkaVersion } from '../../simulator/kafka/install.ts';
import { waitUntil } from '../harness/wait-until.ts';
import { tempDir } from '../unit/buffer/buffer-fixture.ts';

const root = join(import.meta.dirname, '../..');
const composeFile = join(root, 'scripts/kafka-compose.yaml');

interface Machine {
  /** Runs a script of this repository where nothing is on the path but what this machine has. */
  readonly run: (args: readonly string[], env?: Readonly<Record<string, string>>) => Running;
  /** What docker was called with, a line each. */
  readonly calls: () => Promise<string[]>;
}

interface Running {
  readonly ended: Promise<{ readonly code: number | null; readonly said: string }>;
  readonly said: () => string;
  readonly stop: () => void;
}

/** A machine without Java, whose `docker` notes its calls and answers with these exit codes (0 where none is given). */
async function machine(t: TestContext, docker?: Readonly<Record<string, number>>): Promise<Machine> {
  const bin = await tempDir(t);
  const log = join(bin, 'calls');
  await writeFile(log, '');
  if (docker !== undefined) {
    const codes = Object.entries(docker).map(([word, code]) => `case " $* " in *" ${word} "*) exit ${code};; esac\n`);
    const script = `#!/bin/sh\necho "$PORTCULLIS_KAFKA_PORT: $*" >> '${log}'\necho 'words of docker'\n${codes.join('')}`;
    await writeFile(join(bin, 'docker'), script);
    await chmod(join(bin, 'docker'), 0o755);
  }
  return {
    calls: async () => (await readFile(log, 'utf8')).split('\n').filter((line) => line !== ''),
    run(args, env = {}) {
      const child = spawn(process.execPath, args, { cwd: root, env: { PATH: bin, HOME: bin, ...env } });
      t.after(() => child.kill('SIGKILL'));
      let said = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (said += text.toString()));
      const ended = new Promise<{ code: number | null; said: string }>((resolve) => {
        child.once('close', (code) => resolve({ code, said }));
      });
      return { ended, said: () => said, stop: () => void child.kill('SIGTERM') };
    },
  };
}

const kafka = ['scripts/kafka.mjs', '--port', '29192'];

test('without Java, docker compose starts the broker on the port that was asked for, and takes it down at the stop', async (t) => {
  const { run, calls } = await machine(t, {});
  const { said, stop, ended } = run(kafka, { KAFKA_BOOTSTRAP: 'another:9092' });
  await waitUntil('it is ready', () => said().includes('ready at 127.0.0.1:29192; Ctrl-C stops it'));
  stop();
  assert.equal((await ended).code, 0, said());
  const project = `29192: compose -f ${composeFile} -p portcullis-kafka-29192`;
  assert.deepEqual(await calls(), [': compose version', ': info', `${project} up -d --wait`, `${project} down -v`]);
});

test('what docker compose says when it cannot start is told, nothing of it stays, and the exit code is 69', async (t) => {
  const { run, calls } = await machine(t, { up: 1 });
  const { code, said } = await run(kafka).ended;
  assert.equal(code, 69);
  assert.match(said, /kafka: docker compose could not start Kafka\. It said:\nwords of docker/);
  assert.match((await calls()).at(-1) ?? '', / down -v$/);
});

test('docker runs one broker only: two are refused in words', async (t) => {
  const { run } = await machine(t, {});
  const { code, said } = await run([...kafka, '--brokers', '2']).ended;
  assert.equal(code, 69);
  assert.match(said, /Java 17 or newer is not here; docker compose runs one broker only; KAFKA_BOOTSTRAP is not set\./);
});

test('where neither Java nor docker answers, KAFKA_BOOTSTRAP is used; without it the three reasons are told', async (t) => {
  const { run } = await machine(t, { info: 1 });
  const using = run(kafka, { KAFKA_BOOTSTRAP: 'kafka-1:9092,kafka-2:9092' });
  await waitUntil('it is ready', () => using.said().includes('ready at kafka-1:9092,kafka-2:9092'));
  assert.match(using.said(), /using the Kafka at kafka-1:9092,kafka-2:9092/);
  using.stop();
  assert.equal((await using.ended).code, 0);
  const { code, said } = await run(kafka).ended;
  assert.equal(code, 69);
  assert.match(
    said,
    /no Kafka can run here: Java 17 or newer is not here; the docker daemon does not answer; KAFKA_BOOTSTRAP is not set\./,
  );
});

const suite = (name: string): string[] => ['--test', '--test-reporter=tap', `test/integration/${name}.test.ts`];

test('on a machine without any Kafka its suites are skipped in words, and fail in CI', async (t) => {
  const { run } = await machine(t);
  const [skipped, failed] = await Promise.all([
    run(suite('kafka-away')).ended,
    run(suite('kafka'), { CI: 'true' }).ended,
  ]);
  assert.equal(skipped.code, 0, skipped.said);
  assert.match(
    skipped.said,
    /# SKIP No Kafka for "Kafka that goes away": Java 17 or newer is not here; docker compose /,
  );
  assert.match(skipped.said, /npm run kafka -- --help says what is needed\./);
  assert.equal(failed.code, 1);
  assert.match(failed.said, /No Kafka for "Kafka": Java 17 or newer is not here; docker compose /);
});

test('a suite that kills brokers leaves the Kafka of somebody else alone, and says so also in CI', async (t) => {
  const { run } = await machine(t);
  const { code, said } = await run(suite('kafka-away'), { KAFKA_BOOTSTRAP: '127.0.0.1:1', CI: 'true' }).ended;
  assert.equal(code, 0, said);
  assert.match(said, /# SKIP No Kafka for "Kafka that goes away": .* it stops and kills brokers/);
});

test('the compose file has the release that is tested, reachable from this machine only', async () => {
  const { services } = parse(await readFile(composeFile, 'utf8')) as {
    services: { kafka: { image: string; ports: string[] } };
  };
  assert.equal(services.kafka.image, `apache/kafka:${kafkaVersion}`);
  assert.deepEqual(services.kafka.ports, ['127.0.0.1:${PORTCULLIS_KAFKA_PORT:-9092}:9092']);
});
