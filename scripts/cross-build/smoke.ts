import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { connectAsync } from 'mqtt';
import { openCloud, type Cloud } from '../../simulator/cloud/cloud.ts';
import { freePort } from '../../test/harness/free-port.ts';
import { waitUntil } from '../../test/harness/wait-until.ts';
import { startInside } from './inside-root.ts';

/** What the gateway of a root file system showed. */
export interface Smoke {
  readonly node: string;
  readonly arch: string;
  readonly delivered: number;
}

interface Ledger {
  readonly balanced: boolean;
  readonly sinks: readonly { readonly delivered: number }[];
}

const installed = '/usr/lib/portcullis';
const messages = 20;
const withinMs = 180_000;

/**
 * Tries the gateway of a root file system, under emulation where that is another machine's: each native module is loaded
 * and used; then a device on this machine publishes, and a cloud on this machine receives by HTTPS what went through
 * broker, plugin, worker thread and database. Needs root. Throws with what the gateway said.
 */
export async function smokeTest(rootFolder: string): Promise<Smoke> {
  const folder = mkdtempSync(join(rootFolder, 'tmp/smoke-'));
  const natives = join(folder, 'use-native-modules.mjs');
  try {
    cpSync(join(import.meta.dirname, 'use-native-modules.mjs'), natives);
    await using cloud = await openCloud({ dataDir: join(folder, 'cloud'), port: 0, clientId: 'smoke' });
    const ports = { mqtt: await freePort(), http: await freePort() };
    const config = writeConfig(folder, cloud, ports);
    const signal = AbortSignal.timeout(withinMs);
    await using gateway = startInside(rootFolder, ['/usr/bin/portcullis', 'run', '--config', config], signal);
    await using modules = startInside(
      rootFolder,
      [`${installed}/runtime/node`, natives.slice(rootFolder.length)],
      signal,
    );
    const until = async (what: string, ask: () => Promise<boolean>): Promise<void> => {
      const asked = async (): Promise<boolean> => (gateway.living(), ask().catch(() => false));
      await waitUntil(what, asked, withinMs).catch((error: Error) => {
        throw new Error(`${error.message}\n${gateway.said()}`, { cause: error });
      });
    };
    const http = `http://127.0.0.1:${ports.http}`;
    await until('the gateway is ready', async () => (await fetch(`${http}/readyz`)).ok);
    await publish(ports.mqtt);
    let delivered = 0;
    await until('the cloud has the messages', async () => {
      const ledger = (await (await fetch(`${http}/api/v1/ledger`)).json()) as Ledger;
      delivered = Math.max(...ledger.sinks.map((sink) => sink.delivered));
      return ledger.balanced && delivered >= messages;
    });
    return { ...(JSON.parse(await modules.printed()) as Omit<Smoke, 'delivered'>), delivered };
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Writes the configuration and what it names; gives back its path as the root file system has it. */
function writeConfig(folder: string, cloud: Cloud, ports: { mqtt: number; http: number }): string {
  const here = join('/tmp', basename(folder));
  mkdirSync(join(folder, 'data'));
  cpSync(cloud.secretFile, join(folder, 'secret'));
  cpSync(cloud.caFile, join(folder, 'ca.pem'));
  const { url: endpoint, clientId } = cloud;
  const config = {
    dataDir: join(here, 'data'),
    mqtt: { port: ports.mqtt, anonymous: true },
    http: { port: ports.http },
    cloud: { tuya: { endpoint, clientId, secretFile: join(here, 'secret'), ca: join(here, 'ca.pem') } },
  };
  writeFileSync(join(folder, 'portcullis.yaml'), JSON.stringify(config));
  return join(here, 'portcullis.yaml');
}

async function publish(port: number): Promise<void> {
  const device = await connectAsync(`mqtt://127.0.0.1:${port}`, { clientId: 'smoke', connectTimeout: withinMs });
  for (let n = 0; n < messages; n += 1) {
    const payload = `{"Time":"2026-01-01T00:00:${10 + n}","AM2301":{"Temperature":${n}}}`;
    await device.publishAsync('tele/smoke/SENSOR', payload, { qos: 1 });
  }
  await device.endAsync();
}
