// What these threads cost before they do any work of a gateway: stock Aedes holds each PUBACK until a decode thread has read
// and written the JSON of a batch and a writer thread has committed it as one row. No checks, no ledger, no history.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Aedes, type PublishPacket } from 'aedes';
import Database from 'better-sqlite3';
import { Piscina } from 'piscina';

type Waiting = readonly [packet: PublishPacket, done: (error?: Error | null) => void];

/** The decode thread's part. */
export default function decode(lines: string): string {
  return lines
    .split('\n')
    .map((line) => JSON.stringify(JSON.parse(line)))
    .join('\n');
}

function write(folder: string): void {
  const db = new Database(join(folder, 'bare.db'));
  for (const pragma of ['page_size = 1024', 'journal_mode = WAL', 'synchronous = FULL']) db.pragma(pragma);
  db.exec('CREATE TABLE log (id INTEGER PRIMARY KEY, text TEXT)');
  const insert = db.prepare<[string]>('INSERT INTO log (text) VALUES (?)');
  parentPort?.on('message', (text: string) => {
    insert.run(text);
    parentPort?.postMessage('durable');
  });
}

async function serve(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-bare-'));
  const filename = import.meta.filename;
  const writer = new Worker(filename, { workerData: { folder } });
  const pool = new Piscina<string, string>({ filename, minThreads: 1, maxThreads: 1, atomics: 'disabled' });
  let queue: Waiting[] = [];
  let inWork: readonly Waiting[] = [];

  const next = (): void => {
    if (inWork.length > 0 || queue.length === 0) return;
    [inWork, queue] = [queue, []];
    const lines = inWork.map(([{ payload }]) => payload.toString()).join('\n');
    void pool.run(lines).then((text) => writer.postMessage(text));
  };
  writer.on('message', () => {
    const answered = inWork;
    inWork = [];
    for (const [, done] of answered) done(null);
    setImmediate(next);
  });
  const broker = await Aedes.createBroker({
    authorizePublish: (_client, packet, done) => {
      if (queue.push([packet, done]) === 1) setImmediate(next);
    },
  });
  const server = createServer(broker.handle);
  server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
  process.on('SIGTERM', () => {
    rmSync(folder, { recursive: true, force: true });
    process.exit(0);
  });
}

const given = workerData as { readonly folder?: string } | undefined;
if (isMainThread) await serve();
else if (given?.folder !== undefined) write(given.folder);
