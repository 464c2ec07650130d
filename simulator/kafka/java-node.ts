import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './install.ts';
import { formatStorage, writeNodeFiles, type NodeSpec } from './node-files.ts';

/** One Kafka node as a Java process of its own. Its storage stays between `stop` or `kill` and the next `start`. */
export interface JavaNode {
  readonly id: number;
  /** Of the running process. */
  readonly pid: number | undefined;
  /** Resolves when the node serves; rejects with its last words when it ends before. */
  start(): Promise<void>;
  /** A polite stop: partitions move to other nodes first. */
  stop(): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
}

const startMs = 120_000;
const politeMs = 20_000;
const lastWordsChars = 4_000;

/** Small and quick to start rather than fast: a test broker has a few topics. */
const javaOptions = ['-Xms64m', '-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];

/** Formats the node's storage. Throws an Error with what the storage tool said, where that is needed. */
export async function openJavaNode(jars: string, clusterId: string, node: NodeSpec): Promise<JavaNode> {
  await mkdir(node.folder, { recursive: true, mode: 0o700 });
  const { config, logging } = await writeNodeFiles(node);
  const java = [...javaOptions, `-Dlog4j2.configurationFile=${logging}`, '-cp', join(jars, '*')];
  const serve = [...java, 'kafka.Kafka', config];
  const users = (node.secure?.users ?? []).flatMap(({ name, password }) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((how) => ['--add-scram', `${how}=[name=${name},password=${password}]`]),
  );
  if (users.length === 0) {
    await formatStorage(node, clusterId);
    return new Node(node.id, serve);
  }
  const format = ['kafka.tools.StorageTool', 'format', `--cluster-id=${clusterId}`, '-c', config, ...users];
  const { ok, said } = await run('java', [...java, ...format], startMs);
  if (!ok) throw new Error(`Kafka could not format its storage. It said:\n${said.slice(-lastWordsChars)}`);
  return new Node(node.id, serve);
}

class Node implements JavaNode {
  readonly id: number;
  readonly #args: readonly string[];
  #process: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(id: number, args: readonly string[]) {
    this.id = id;
    this.#args = args;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  async start(): Promise<void> {
    const child = spawn('java', this.#args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    const { promise: ended, resolve: onEnd } = Promise.withResolvers<void>();
    this.#ended = ended;
    const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
    let words = '';
    const hear = (chunk: Buffer): void => {
      words = (words + chunk.toString()).slice(-lastWordsChars);
      if (words.includes('Kafka Server started')) resolve();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      onEnd();
      reject(new Error(`Kafka node ${this.id} ended (${signal ?? code}) before it was ready:\n${words}`));
    });
    const late = setTimeout(() => reject(new Error(`Kafka node ${this.id} is not ready yet:\n${words}`)), startMs);
    try {
      await ready;
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    } finally {
      clearTimeout(late);
    }
  }

  async stop(): Promise<void> {
    const child = this.#process;
    child?.kill('SIGTERM');
    const force = setTimeout(() => child?.kill('SIGKILL'), politeMs);
    await this.#ended;
    clearTimeout(force);
  }

  async kill(): Promise<void> {
    this.#process?.kill('SIGKILL');
    await this.#ended;
  }
}
