import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { PortcullisError } from '../contracts/errors.ts';
import { keepAsLastGood, loadConfigOrLastGood } from './config/load-config.ts';
import { serviceManager } from './config/service-manager.ts';
import { readTestSwitches } from './config/test-switches.ts';
import { startGateway, type Gateway } from './gateway.ts';
import { settlePassport, settleReset } from './open-identity.ts';
import { systemClock } from './lib/clock.ts';
import { boundNursery } from './lib/bound-nursery.ts';
import { collectAlone } from './lib/collect-alone.ts';
import { compactHeap } from './lib/compact-heap.ts';
import { growSlowly } from './lib/grow-slowly.ts';
import { tell } from './observability/channels.ts';
import { startLifeSigns } from './observability/life-sign.ts';
import { openLog } from './observability/log.ts';
import { RecentLog } from './observability/recent-log.ts';
import { openServiceNotifier } from './observability/service-notifier.ts';

/**
 * The hard deadlines: a shutdown that takes longer ends the process, and the buffer keeps what was not delivered. When
 * the store is lost there is nothing to wait for: what is not acknowledged yet never will be, and devices send it again.
 */
const shutdownDeadlineMs = { asked: 20_000, failed: 2_000 };
const answerMs = 1_000;
/** EX_TEMPFAIL: a service manager starts again what ended so. */
const restartCode = 75;
/** The nursery of the main thread; a larger one spares little work, see decision 0099. */
const nurseryBytes = 16 * 1024 * 1024;

/**
 * The daemon: runs until SIGTERM or SIGINT (exit 0) or until the gateway says that it cannot go on. Signals and exit
 * codes live here and nowhere else. Throws what `loadConfig` and `startGateway` throw.
 */
export async function main(configPath: string): Promise<never> {
  // What the gateway writes is for its own user, also where root starts it by hand.
  process.umask(0o077);
  collectAlone();
  const { wasReset, hasArrived, config, written, fellBackBecause } = await loadSettled(configPath);
  const recentLog = new RecentLog();
  const log = openLog({ ...config.log, recent: recentLog });
  if (hasArrived)
    log.warn('a passport took the place of what was in the data folder; that is kept in before-passport-…');
  if (wasReset) log.warn('a factory reset that was cut off is finished; this is a first start');
  const stopping = stopSignal();
  const broken =
    fellBackBecause && `${configPath} is broken; the last good configuration runs. ${fellBackBecause.message}`;
  const switches = readTestSwitches();
  const clock = switches.ages === 'lived' ? systemClock : { ...systemClock, monoMs: () => systemClock.wallMs() };
  const starting = startGateway(config, { written, log, recentLog, clock, switches });
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
  growSlowly();
  using _nursery = boundNursery(nurseryBytes);
  const service = await joinService(
    switches.sign === 'after-commit' ? gateway : { probe: () => Promise.resolve() },
    log,
  );
  const reason = await Promise.race([stopping, gateway.failed, gateway.restarts]);
  // Whoever asked for it is answered first.
  if (reason === 'restart') await sleep(answerMs);
  log.info({ reason: String(reason) }, 'stopping');
  setTimeout(
    () => process.exit(70),
    shutdownDeadlineMs[reason instanceof PortcullisError ? 'failed' : 'asked'],
  ).unref();
  await service[Symbol.asyncDispose]();
  await gateway[Symbol.asyncDispose]();
  process.exit(reason instanceof PortcullisError ? reason.exitCode : reason === 'restart' ? restartCode : 0);
}

/** A factory reset takes a configuration away, and a passport that waits brings one along, so both are over before that is read for good. */
async function loadSettled(path: string) {
  const loaded = await loadConfigOrLastGood(path);
  const { dataDir } = loaded.config;
  const wasReset = await settleReset(dataDir);
  const hasArrived = await settlePassport(dataDir, systemClock.wallMs());
  return { wasReset, hasArrived, ...(wasReset || hasArrived ? await loadConfigOrLastGood(path) : loaded) };
}

/** Under systemd: says that the gateway is ready, signs of life from then on, and at the end that it stops. */
async function joinService(gateway: Pick<Gateway, 'probe'>, log: Logger): Promise<AsyncDisposable> {
  const manager = serviceManager();
  if (manager === undefined) return { [Symbol.asyncDispose]: () => Promise.resolve() };
  const notifier = openServiceNotifier(manager.socket);
  const { say } = notifier;
  await say('READY=1').catch((err: unknown) => log.error({ err }, 'cannot tell systemd that the gateway is ready'));
  const { watchdogMs } = manager;
  const signs =
    watchdogMs === undefined
      ? undefined
      : startLifeSigns({
          everyMs: watchdogMs / 3,
          probe: () => gateway.probe(),
          say: () => say('WATCHDOG=1'),
          log,
        });
  return {
    async [Symbol.asyncDispose]() {
      signs?.[Symbol.dispose]();
      await say('STOPPING=1').catch((err: unknown) => log.warn({ err }, 'cannot tell systemd that the gateway stops'));
      notifier[Symbol.dispose]();
    },
  };
}

function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    // The gateway's own sockets keep the process alive; a second signal does not cut the shutdown short.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve(signal));
  });
}
