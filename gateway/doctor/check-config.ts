import { open, rm, stat, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { peekBuffer } from '../buffer/peek.ts';
import { readAuthorities } from '../config/certificates.ts';
import type { Config } from '../config/schema.ts';
import { endpointOf } from '../config/tuya-schema.ts';
import { readConfigured } from '../config/read-text.ts';
import { checkEnvironment, checkProducts } from './check-tuya.ts';
import { fail, ok, systemCode, warn, type Finding } from './finding.ts';
import { whyUnreachable } from './reach.ts';

const tmpfsMagic = 0x01021994;

/** Every port that the gateway would listen on, tried for a moment. */
export function checkPorts({ mqtt, http }: Config): Promise<Finding[]> {
  const wanted: [key: string, host: string, port: number | undefined][] = [
    ['mqtt.port', mqtt.host, mqtt.port],
    ['mqtt.tls.port', mqtt.host, mqtt.tls?.port],
    ['mqtt.websocket.port', mqtt.host, mqtt.websocket?.port],
    ['http.port', http.host, http.port],
    ['http.tls.port', http.tls?.host ?? http.host, http.tls?.port],
  ];
  return Promise.all(
    wanted.flatMap(([key, host, port]) => (port === undefined || port === 0 ? [] : [checkPort(key, host, port)])),
  );
}

function checkPort(key: string, host: string, port: number): Promise<Finding> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => {
      const code = systemCode(error);
      const why = code === 'EADDRINUSE' ? 'is taken' : `cannot be used (${code})`;
      resolve(
        fail(
          'port',
          `${key}: ${host}:${port} ${why}`,
          `Stop the program that uses it ("ss -ltnp | grep :${port}"; it may be this gateway), or change ${key}.`,
        ),
      );
    });
    server.listen(port, host, () => server.close(() => resolve(ok('port', `${key}: ${host}:${port} is free`))));
  });
}

/** The data folder, or the place where it will be made: ours, with room, and on something that keeps what it was given. */
export async function checkDataFolder({ dataDir, buffer }: Config): Promise<Finding[]> {
  const folder = await nearestFolder(dataDir);
  const where = folder === dataDir ? dataDir : `${dataDir} is made at the first start; ${folder}`;
  try {
    const probe = join(folder, `.doctor-${process.pid}`);
    const startedAt = performance.now();
    {
      await using file = await open(probe, 'w');
      await file.write('x');
      await file.sync();
    }
    const syncMs = performance.now() - startedAt;
    await rm(probe);
    return [
      ok('data folder', `${where} can be written, one fsync took ${syncMs.toFixed(1)} ms`),
      await checkRoom(folder, buffer.maxBytes),
    ];
  } catch (error) {
    return [
      fail(
        'data folder',
        `${where} cannot be used (${systemCode(error)})`,
        'Create it for the user who runs the gateway, or change dataDir.',
      ),
    ];
  }
}

/** The folder itself, or the nearest one above it that is there. */
async function nearestFolder(path: string): Promise<string> {
  const parent = dirname(path);
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  return isThere || parent === path ? path : nearestFolder(parent);
}

/** The database of a gateway that was here before. One that runs is not disturbed, and one that stopped finds all as it was. */
export function checkDatabase({ dataDir }: Config): Finding[] {
  try {
    return peekBuffer(dataDir) ? [ok('database', `the one in ${dataDir} can be read`)] : [];
  } catch (error) {
    const mend = 'Start the gateway: it sets the file aside, keeps what can be read of it, and says what is lost.';
    return [fail('database', (error as Error).message, mend)];
  }
}

async function checkRoom(folder: string, wanted: number): Promise<Finding> {
  const { bavail, bsize, type } = await statfs(folder);
  const free = bavail * bsize;
  const megabytes = (bytes: number): string => `${Math.floor(bytes / 1024 / 1024)} MB`;
  if (type === tmpfsMagic) {
    return fail(
      'disk',
      `${folder} is in memory (tmpfs): a power cut loses everything`,
      'Put dataDir on the card or a disk.',
    );
  }
  if (free >= wanted) return ok('disk', `${megabytes(free)} free, buffer.maxBytes is ${megabytes(wanted)}`);
  return warn(
    'disk',
    `${megabytes(free)} free, but buffer.maxBytes is ${megabytes(wanted)}`,
    'Free some room or lower buffer.maxBytes; a full disk holds acknowledgements.',
  );
}

/** The cloud account's secret, and whether the endpoint answers with a certificate that is trusted. */
export async function checkCloud({ cloud }: Config): Promise<Finding[]> {
  if (cloud.tuya === undefined) return [ok('cloud', 'none configured: everything stays local')];
  const { secretFile, ca } = cloud.tuya;
  const findings = [...checkEnvironment(cloud.tuya), ...(await checkProducts(cloud.tuya))];
  try {
    await readConfigured(secretFile, 'cloud.tuya.secretFile');
    const { mode } = await stat(secretFile);
    const readableByOthers = (mode & 0o077) !== 0;
    findings.push(
      readableByOthers
        ? warn('cloud secret', `${secretFile} can be read by others`, `Run "chmod 600 ${secretFile}".`)
        : ok('cloud secret', `${secretFile} is private`),
    );
    const authority = ca === undefined ? undefined : await readAuthorities(ca, 'cloud.tuya.ca');
    findings.push(await checkEndpoint(new URL(endpointOf(cloud.tuya)), authority));
  } catch (error) {
    findings.push(
      fail('cloud', (error as Error).message, 'Create the file, or correct its path in the configuration.'),
    );
  }
  return findings;
}

async function checkEndpoint({ hostname, port, host }: URL, ca: string | undefined): Promise<Finding> {
  const why = await whyUnreachable({ host: hostname, port: Number(port || 443), tls: true, ca });
  const mend = 'Check the network, the address and cloud.tuya.ca; meanwhile everything is kept in the buffer.';
  if (why !== undefined) return warn('cloud', `${host}: ${why}`, mend);
  return ok('cloud', `${host} answers, its certificate is trusted`);
}
