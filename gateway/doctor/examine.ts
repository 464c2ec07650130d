import { PortcullisError } from '../../contracts/errors.ts';
import { loadConfig } from '../config/load-config.ts';
import type { Config } from '../config/schema.ts';
import { checkCloud, checkDataFolder, checkFiles, checkPorts } from './check-config.ts';
import { checkCertificates } from './check-certificate.ts';
import { checkCells } from './check-cells.ts';
import { checkClock, checkMemory, checkNativeModules, checkNode } from './check-host.ts';
import { checkGpio } from './check-gpio.ts';
import { checkNotify } from './check-notify.ts';
import { checkSerial } from './check-serial.ts';
import { fail, ok, warn, type Finding } from './finding.ts';

/** Looks at the machine, and at everything a configuration file names when there is one. Changes nothing. */
export async function examine(configPath: string | undefined, nowMs: number): Promise<Finding[]> {
  const host = [
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
    const named = await Promise.all(
      [checkPorts, checkDataFolder, checkFiles, checkCloud, checkSerial, checkGpio, checkNotify].map((check) =>
        check(config),
      ),
    );
    const certificates = await checkCertificates(config, nowMs);
    return [...host, ok('configuration', `${configPath} is valid`), ...certificates, ...named.flat()];
  } catch (error) {
    if (!(error instanceof PortcullisError)) throw error;
    return [...host, fail('configuration', error.message, 'Correct the file; docs/configuration.md lists every key.')];
  }
}

/** The same for a gateway that runs: its ports are its own, its modules loaded, and its cells are told by the plugins. */
export async function examineRunning(config: Config, nowMs: number): Promise<Finding[]> {
  const named = await Promise.all([checkDataFolder, checkFiles, checkSerial, checkGpio].map((check) => check(config)));
  return [checkNode(), checkMemory(), await checkClock(nowMs), ...named.flat()];
}
