import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { connectAsync } from 'mqtt';
import { openCloud, type Cloud } from '../../simulator/cloud/cloud.ts';
import { freePort } from '../../test/harness/free-port.ts';
import { waitUntil } from '../../test/harness/wait-until.ts';
import { startInside } from './inside-root.ts';

interface Ledger {
  readonly balanced: boolean;
  readonly sinks: readonly { readonly delivered: number }[];
}

const installed = '/usr/lib/portcullis';
const messages = 20;
/** Emulation beside other tests was seen to take four minutes. */
const withinMs = 400_000;

/** Loads and uses each native module of a root file system; gives back what it said of the machine. Needs root. */
export async function useNativeModules(rootFolder: string): Promise<string> {
  const script = 'tmp/use-native-modules.mjs';
  cpSync(join(import.meta.dirname, 'use-native-modules.mjs'), join(rootFolder, script));
  const command = [`${installed}/runtime/node`, `/${script}`];
  await using inside = startInside(rootFolder, command, AbortSignal.timeout(withinMs));
  return (await inside.printed()).trim();
}

/**
 * Tries the gateway of a root file system, under emulation where that is another machine's: a device on this machine
 * publishes, and a cloud on this machine receives by HTTPS what went through broker, plugin, worker thread and database.
 * Gives back how many messages arrived; throws with what the gateway said. Needs root.
 */
export async function smokeTest(rootFolder: string): Promise<number> {
  const folder = mkdtempSync(join(rootFolder, 'tmp/smoke-'));
  try {
    await using cloud = await openCloud({ dataDir: join(folder, 'cloud'), port: 0, clientId: 'smoke' });
    const ports = { mqtt: await freePort(), http: await freePort() };
    const command = ['/usr/bin/portcullis', 'run', '--config', writeConfig(folder, cloud, ports)];
    await using gateway = startInside(rootFolder, command, AbortSignal.timeout(withinMs));
    const until = async (what: string, ask: () => Promise<boolean>): Promise<void> => {
      const asked = async (): Promise<boolean> => (gateway.living(), ask().catch(() => false));
      await waitUntil(what, asked, withinMs).catch((error: Error) => {
        throw new Error(`${error.message}\n${gateway.said()}`, { cause: error });
      });
    };
    const http = `http://127.0.0.1:${ports.http}`;
    await until('the gateway is ready', async () => (await fetch(`${http}/readyz`)).ok);
    await Promise.race([publish(ports.mqtt), gateway.ended()]);
    let delivered = 0;
    await until('the cloud has the messages', async () => {
      const ledger = (await (await fetch(`${http}/api/v1/ledger`)).json()) as Ledger;
      delivered = Math.max(...ledger.sinks.map((sink) => sink.delivered));
      return ledger.balanced && delivered >= messages;
    });
    return delivered;
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
  // Tries once: a gateway that ended would be called for ever, and the build would not end.
  const how = { clientId: 'smoke', connectTimeout: withinMs, reconnectPeriod: 0 };
  const device = await connectAsync(`mqtt://127.0.0.1:${port}`, how, false);
  for (let n = 0; n < messages; n += 1) {
    const payload = `{"Time":"2026-01-01T00:00:${10 + n}","AM2301":{"Temperature":${n}}}`;
    await device.publishAsync('tele/smoke/SENSOR', payload, { qos: 1 });
  }
  await device.endAsync();
}
