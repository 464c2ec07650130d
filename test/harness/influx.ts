import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { ensurePrograms } from '../../scripts/debian-packages.mjs';
import { freePort } from './free-port.ts';
import { waitUntil } from './wait-until.ts';

/** Why there is no real InfluxDB here, which is installed where that is allowed; undefined when there is one. */
export function noInflux(): string | undefined {
  const missing = ensurePrograms({ influxd: 'influxdb' }, (sentence) => process.stdout.write(`${sentence}\n`));
  return missing && `needs ${missing.programs.join(', ')}: ${missing.command}`;
}

/** A real InfluxDB with a database of its own, behind a proxy that can take it away; ended with the test. */
export interface TestInflux {
  readonly url: string;
  readonly database: string;
  /** Calls are cut. */
  readonly goAway: () => void;
  readonly comeBack: () => void;
  /** The next call is done, and its answer is cut. */
  readonly loseNextAnswer: () => void;
  /** Rows of one statement, over all series; values as the database gives them. */
  readonly ask: (statement: string) => Promise<readonly Readonly<Record<string, unknown>>[]>;
}

export async function startInflux(t: TestContext): Promise<TestInflux> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-influx-'));
  const [port, rpcPort] = [await freePort(), await freePort()];
  const file = join(folder, 'influxdb.conf');
  writeFileSync(
    file,
    `reporting-disabled = true
bind-address = "127.0.0.1:${rpcPort}"
[meta]
dir = "${folder}/meta"
[data]
dir = "${folder}/data"
wal-dir = "${folder}/wal"
query-log-enabled = false
[monitor]
store-enabled = false
[http]
bind-address = "127.0.0.1:${port}"
log-enabled = false
`,
  );
  const child = spawn('influxd', ['-config', file], { stdio: 'ignore' });
  t.after(async () => {
    const ended = once(child, 'exit');
    if (child.kill('SIGKILL')) await ended;
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  const direct = `http://127.0.0.1:${port}`;
  await waitUntil('InfluxDB to answer', async () =>
    fetch(`${direct}/ping`).then(
      ({ status }) => status === 204,
      () => false,
    ),
  );
  const ask = async (q: string): Promise<readonly Readonly<Record<string, unknown>>[]> => {
    const body = new URLSearchParams({ q, db: 'house', epoch: 'ns' });
    const answer = (await (await fetch(`${direct}/query`, { method: 'POST', body })).json()) as Answer;
    const [result] = answer.results;
    if (result?.error !== undefined) throw new Error(result.error);
    return (result?.series ?? []).flatMap(({ name, tags, columns, values }) =>
      values.map((row) => ({ name, ...tags, ...Object.fromEntries(columns.map((column, i) => [column, row[i]])) })),
    );
  };
  await ask('CREATE DATABASE house');
  const proxy = await startProxy(t, port);
  return { ...proxy, database: 'house', ask };
}

interface Answer {
  readonly results: readonly {
    readonly error?: string;
    readonly series?: readonly {
      readonly name: string;
      readonly tags?: Readonly<Record<string, string>>;
      readonly columns: readonly string[];
      readonly values: readonly (readonly unknown[])[];
    }[];
  }[];
}

async function startProxy(t: TestContext, port: number): Promise<Omit<TestInflux, 'ask' | 'database'>> {
  let away = false;
  let lose = false;
  const server = createServer((incoming, outgoing) => {
    if (away) {
      incoming.socket.destroy();
      return;
    }
    const { method, url: path, headers } = incoming;
    const onward = request({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
      if (lose && method === 'POST') {
        lose = false;
        answer.resume().once('end', () => incoming.socket.destroy());
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => incoming.socket.destroy());
    incoming.pipe(onward);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    goAway: () => void (away = true),
    comeBack: () => void (away = false),
    loseNextAnswer: () => void (lose = true),
  };
}
