import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { PortcullisError } from '../../contracts/errors.ts';
import { atomicWrite } from '../../gateway/lib/atomic-write.ts';
import type { Cloud } from '../cloud/cloud.ts';
import type { DemoFlags } from './flags.ts';

const host = '127.0.0.1';

/** Runs a step that touches the data folder; what goes wrong there is one sentence. */
export async function inDataFolder<Result>(folder: string, step: () => Promise<Result>): Promise<Result> {
  try {
    return await step();
  } catch (cause) {
    if (cause instanceof PortcullisError) throw cause;
    const sentence = `The data folder ${folder} cannot be used: ${(cause as Error).message}. Choose another with --data.`;
    throw new PortcullisError('FILE_UNREADABLE', sentence, { cause });
  }
}

/**
 * The gateway's configuration for the demo. Anyone on this machine may publish; TLS shares the cloud's certificate, so
 * that one CA file is enough for a client of either.
 */
export async function writeConfig(flags: DemoFlags, cloud: Cloud): Promise<string> {
  const file = join(flags.data, 'portcullis.yaml');
  const config = {
    dataDir: join(flags.data, 'gateway'),
    gateway: 'demo',
    site: {
      name: 'demo house',
      rooms: {
        office: ['z2m:0xa4c138f1d2e30415'],
        pantry: ['z2m:0x00158d00aa11bb22'],
        'living room': ['z2m:0x00158d00aa11bb23', 'z2m:0x84fd27fffe5a6b7c'],
      },
    },
    mqtt: {
      host,
      port: flags.mqttPort,
      anonymous: true,
      tls: { port: flags.tlsPort, certFile: cloud.certFile, keyFile: cloud.keyFile },
    },
    http: { host, port: flags.httpPort },
    cloud: {
      tuya: {
        endpoint: cloud.url,
        clientId: cloud.clientId,
        secretFile: cloud.secretFile,
        ca: cloud.caFile,
        batch: true,
        longPoll: true,
      },
    },
  };
  return inDataFolder(flags.data, async () => {
    await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
    await atomicWrite(file, `# Written by npm start at each start.\n${stringify(config)}`);
    return file;
  });
}
