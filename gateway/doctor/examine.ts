import { PortcullisError } from '../../contracts/errors.ts';
import { loadConfig } from '../config/load-config.ts';
import type { Config } from '../config/schema.ts';
import { release } from '../version.ts';
import { checkCloud, checkDatabase, checkDataFolder, checkPorts } from './check-config.ts';
import { checkCertificates } from './check-certificate.ts';
import { checkCells } from './check-cells.ts';
import { checkDocuments } from './check-documents.ts';
import { checkFiles } from './check-files.ts';
import { checkClock, checkMemory, checkNativeModules, checkNode } from './check-host.ts';
import { checkGpio } from './check-gpio.ts';
import { checkNotify } from './check-notify.ts';
import { checkRelease } from './check-release.ts';
import { checkSerial } from './check-serial.ts';
import { fail, ok, warn, type Finding } from './finding.ts';

/** Looks at the machine, and at everything a configuration file names when there is one. Changes nothing. */
export async function examine(configPath: string | undefined, nowMs: number): Promise<Finding[]> {
  const host = [
    checkRelease(release, nowMs),
    checkNode(),
    checkMemory(),
    await checkClock(nowMs),
    ...(await checkNativeModules()),
    ...(await checkCells()),
  ];
  if (configPath === undefined) {
    return [
      ...host,
      warn('configuration', 'none given', 'Add --config FILE to check ports, folders and the cloud too.'),
    ];
  }
  try {
    const config = await loadConfig(configPath);
    const checks = [checkPorts, checkDataFolder, checkFiles, checkDocuments, checkCloud];
    const named = await Promise.all([...checks, checkSerial, checkGpio, checkNotify].map((check) => check(config)));
    const own = [...(await checkCertificates(config, nowMs)), ...checkDatabase(config)];
    return [...host, ok('configuration', `${configPath} is valid`), ...own, ...named.flat()];
  } catch (error) {
    if (!(error instanceof PortcullisError)) throw error;
    return [...host, fail('configuration', error.message, 'Correct the file; docs/configuration.md lists every key.')];
  }
}

/** The same for a gateway that runs: ports and database are its own, its modules loaded, and its cells are told by the plugins. */
export async function examineRunning(config: Config, nowMs: number): Promise<Finding[]> {
  const checks = [checkDataFolder, checkFiles, checkDocuments, checkSerial, checkGpio];
  const named = await Promise.all(checks.map((check) => check(config)));
  const certificates = await checkCertificates(config, nowMs);
  const host = [checkRelease(release, nowMs), checkNode(), checkMemory(), await checkClock(nowMs)];
  return [...host, ...certificates, ...named.flat()];
}
