import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { endsOf } from '../../test/harness/ends.ts';
import { startCloud, type TestCloud } from '../../test/harness/cloud.ts';
import { freePort } from '../../test/harness/free-port.ts';
import { numberIn } from '../../test/harness/judge.ts';
import type { FarSide, Peer } from './contender.ts';
import { gatherCrew } from './crew.ts';

const program = join(import.meta.dirname, '../../dist/gateway/cli.js');

/** The compiled gateway with its defaults; the local cloud takes batches over HTTPS. */
export const portcullis: Peer = {
  name: 'Portcullis',
  missing: () => undefined,
  async open({ disk, beside }) {
    await using stack = new AsyncDisposableStack();
    const cloud = await startCloud(endsOf(stack));
    const crew = gatherCrew(beside);
    stack.defer(crew.kill);
    const [port, httpPort] = [await freePort(), await freePort()];
    const file = join(beside, 'portcullis.yaml');
    const settings = {
      dataDir: disk,
      mqtt: { port, anonymous: true },
      http: { port: httpPort },
      log: { level: 'warn' },
      cloud: { tuya: { ...cloud.config.tuya, callsPerSecond: 10_000 } },
    };
    writeFileSync(file, stringify(settings));
    const kept = stack.move();
    return {
      port,
      far: cloudAsFarSide(cloud),
      async start(env) {
        mkdirSync(disk, { recursive: true });
        const command = [process.execPath, program, 'run', '--config', file] as const;
        await crew.launch('portcullis', command, { env, isReady: () => isReady(httpPort) });
      },
      kill: crew.kill,
      pids: crew.pids,
      holds: async () => {
        const answer = await fetch(`http://127.0.0.1:${httpPort}/api/v1/ledger`);
        const { sinks } = (await answer.json()) as { sinks: readonly { buffered: number }[] };
        return sinks.reduce((sum, { buffered }) => sum + buffered, 0);
      },
      [Symbol.asyncDispose]: () => kept.disposeAsync(),
    };
  },
};

const isReady = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );

function cloudAsFarSide(cloud: TestCloud): FarSide {
  return {
    appear: () => cloud.clearFaults(),
    vanish: () => cloud.fault({ kind: 'refuse', forMs: 3_600_000 }),
    numbers: async () =>
      new Set((await cloud.received()).flatMap((row) => (row.effects > 0 ? (numberIn(row) ?? []) : []))),
    count: () => cloud.cloud.totals().effects,
    forget: async () => void (await cloud.mock('DELETE', 'received')),
    // The cloud ends with the contender.
    [Symbol.asyncDispose]: async () => undefined,
  };
}
