import { readdir } from 'node:fs/promises';
import { PortcullisError } from '../../contracts/errors.ts';
import { readAuthorities } from '../config/certificates.ts';
import { openOwnership } from '../config/ownership.ts';
import { readConfigured } from '../config/read-text.ts';
import type { Config } from '../config/schema.ts';
import { secretHeaders } from '../open-tracing.ts';
import { fail, ok, systemCode, type Finding } from './finding.ts';

/** Reads a file as the gateway does at its start; throws a PortcullisError whose message begins with the key. */
type Read = (path: string, key: string) => Promise<unknown>;
type Named = readonly [key: string, path: string | undefined, read: Read];

/** The files and folders that the configuration names, but for those that have a check of their own. */
export async function checkFiles(config: Config): Promise<Finding[]> {
  const { access, claim, influx, kafka, mqtt, plugins, traces } = config;
  const secrets = Object.entries(plugins.secrets).flatMap(([plugin, files]) =>
    Object.entries(files).map(([name, file]): Named => [`plugins.secrets.${plugin}.${name}`, file, readConfigured]),
  );
  const headers = Object.entries(traces?.headerFiles ?? {}).map(([name, file]): Named => [
    `traces.headerFiles.${name}`,
    file,
    () => secretHeaders({ [name]: file }),
  ]);
  const named: readonly Named[] = [
    // Only a gateway that nobody claimed yet asks for its code.
    ['claim.codeFile', claim?.codeFile, () => openOwnership(config, () => 0)],
    ['mqtt.tls.clientCaFile', mqtt.tls?.clientCaFile, readAuthorities],
    ['kafka.tls.ca', kafka?.tls?.ca, readAuthorities],
    ['kafka.sasl.passwordFile', kafka?.sasl?.passwordFile, readConfigured],
    ['influx.ca', influx?.ca, readAuthorities],
    ['influx.passwordFile', influx?.passwordFile, readConfigured],
    ['influx.tokenFile', influx?.tokenFile, readConfigured],
    ['access.provider.clientSecretFile', access.provider?.clientSecretFile, readConfigured],
    ['traces.ca', traces?.ca, readAuthorities],
    ...headers,
    ['plugins.dir', plugins.dir, readFolder],
    ...secrets,
  ];
  return Promise.all(
    named.flatMap(([key, path, read]) => (path === undefined ? [] : [checkFile(key, path, () => read(path, key))])),
  );
}

/** One thing that somebody wrote, by reading it. */
export async function checkFile(
  key: string,
  path: string,
  read: () => Promise<unknown>,
  mend = `Create or mend it, or correct ${key}.`,
): Promise<Finding> {
  try {
    await read();
    return ok('file', `${key}: ${path} can be used`);
  } catch (error) {
    if (!(error instanceof PortcullisError)) throw error;
    return fail('file', error.message, mend);
  }
}

async function readFolder(path: string, key: string): Promise<void> {
  try {
    await readdir(path);
  } catch (cause) {
    throw new PortcullisError('FILE_UNREADABLE', `${key}: ${path} cannot be read (${systemCode(cause)}).`, { cause });
  }
}
