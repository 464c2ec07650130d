import { PortcullisError } from '../contracts/errors.ts';
import { keepAsLastGood, loadConfigOrLastGood } from './config/load-config.ts';
import { readTestSwitches } from './config/test-switches.ts';
import { startGateway } from './gateway.ts';
import { systemClock } from './lib/clock.ts';
import { compactHeap } from './lib/compact-heap.ts';
import { tell } from './observability/channels.ts';
import { openLog } from './observability/log.ts';

/** The one hard deadline: a shutdown that takes longer ends the process, and the buffer keeps what was not delivered. */
const shutdownDeadlineMs = 20_000;

/**
 * The daemon: runs until SIGTERM or SIGINT (exit 0) or until the gateway says that it cannot go on. Signals and exit
 * codes live here and nowhere else. Throws what `loadConfig` and `startGateway` throw.
 */
export async function main(configPath: string): Promise<never> {
  const { config, fellBackBecause } = await loadConfigOrLastGood(configPath);
  const log = openLog(config.log);
  const stopping = stopSignal();
  const broken =
    fellBackBecause && `${configPath} is broken; the last good configuration runs. ${fellBackBecause.message}`;
  const starting = startGateway(config, { log, clock: systemClock, switches: readTestSwitches() });
  const gateway = await starting.catch((error: unknown) => {
    if (broken !== undefined) log.error(broken);
    throw error;
  });
  if (broken === undefined) {
    await keepAsLastGood(configPath).catch((err: unknown) =>
      log.warn({ err }, 'cannot keep this configuration as last good'),
    );
  } else {
    tell('alarm', { code: 'config-broken', subject: configPath, active: true, detail: broken });
  }
  compactHeap();
  const reason = await Promise.race([stopping, gateway.failed]);
  log.info({ reason: String(reason) }, 'stopping');
  setTimeout(() => process.exit(70), shutdownDeadlineMs).unref();
  await gateway[Symbol.asyncDispose]();
  process.exit(reason instanceof PortcullisError ? reason.exitCode : 0);
}

function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    // The gateway's own sockets keep the process alive; a second signal does not cut the shutdown short.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve(signal));
  });
}
