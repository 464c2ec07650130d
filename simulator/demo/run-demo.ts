import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openCloud } from '../cloud/cloud.ts';
import type { Cloud } from '../cloud/cloud.ts';
import { openHouse } from '../house/house.ts';
import type { DemoFlags } from './flags.ts';
import { requireFreePorts } from './free-ports.ts';
import { gatewayFailure, notReady, startGateway } from './gateway-process.ts';
import type { GatewayProcess } from './gateway-process.ts';
import { showStatus } from './live-status.ts';
import type { Output } from './live-status.ts';
import { readFigures, summaryLine } from './status.ts';
import type { GatewayFigures } from './status.ts';
import { waitForStop } from '../wait-for-stop.ts';
import type { StopWish } from '../wait-for-stop.ts';
import { inDataFolder, writeConfig } from './write-config.ts';

const host = '127.0.0.1';
const readySeconds = 60;
/** How long the backlog may take to reach the cloud at the end, and the gateway to close after that (its own deadline is 20 s). */
const drainMs = 5000;
const graceMs = 25_000;

const greeting = (flags: DemoFlags, cloud: Cloud, gateway: GatewayProcess, devices: number): string =>
  [
    `Console   http://${host}:${flags.httpPort}/`,
    `MQTT      ${host}:${flags.mqttPort}, with TLS ${host}:${flags.tlsPort} (CA: ${cloud.caFile})`,
    `Cloud     ${cloud.url} (what it received: ${cloud.url}/_mock/received)`,
    `House     ${devices} simulated devices`,
    `Log       ${gateway.logFile}`,
    'Stop with Ctrl-C.',
    '',
  ].join('\n');

/** Waits until nothing is buffered any more, within a bound; resolves with the last figures that could be read. */
async function drain(httpPort: number, before: GatewayFigures | undefined): Promise<GatewayFigures | undefined> {
  const deadline = performance.now() + drainMs;
  let figures = before;
  while (performance.now() < deadline) {
    figures = await readFigures(httpPort).catch(() => figures);
    if (!figures || figures.buffered === 0) break;
    await sleep(100);
  }
  return figures;
}

/**
 * Runs until a signal, `--seconds`, or the gateway's own end; resolves with the exit code. Rejects with a
 * PortcullisError whose sentence says what to do when something cannot start; nothing stays behind in any case.
 * `program` stands in for the gateway in tests.
 */
export async function runDemo(flags: DemoFlags, output: Output, program?: readonly string[]): Promise<number> {
  await requireFreePorts(
    [
      { port: flags.mqttPort, use: 'MQTT', flag: '--mqtt-port' },
      { port: flags.tlsPort, use: 'MQTT over TLS', flag: '--tls-port' },
      { port: flags.httpPort, use: 'console and API', flag: '--http-port' },
      { port: flags.cloudPort, use: 'local cloud', flag: '--cloud-port' },
    ],
    host,
  );
  await inDataFolder(flags.data, () => mkdir(flags.data, { recursive: true, mode: 0o700 }));
  using stop = waitForStop();
  await using cloud = await openCloud({ dataDir: join(flags.data, 'cloud'), port: flags.cloudPort, host });
  const configFile = await writeConfig(flags, cloud);
  const logFile = join(flags.data, 'gateway.log');
  const gateway = await inDataFolder(flags.data, () => startGateway({ configFile, logFile, program }));
  try {
    return await live(flags, output, { cloud, gateway, stop });
  } finally {
    await gateway.stop(graceMs);
  }
}

interface Running {
  readonly cloud: Cloud;
  readonly gateway: GatewayProcess;
  readonly stop: StopWish;
}

async function becomeReady(flags: DemoFlags, { gateway, stop }: Running): Promise<void> {
  const tooLate = AbortSignal.timeout(readySeconds * 1000);
  try {
    await gateway.ready(flags.httpPort, AbortSignal.any([tooLate, stop.signal]));
  } catch (error) {
    if (stop.signal.aborted) return;
    throw tooLate.aborted ? notReady(gateway.logFile, readySeconds) : error;
  }
}

/** Moves the house in, shows the status until it is time to stop, and moves it out again. */
async function inhabit(
  flags: DemoFlags,
  output: Output,
  { cloud, gateway, stop }: Running,
  ended: Promise<unknown>,
): Promise<GatewayFigures | undefined> {
  await using house = await openHouse({ host, port: flags.mqttPort, rate: flags.rate });
  output.write(greeting(flags, cloud, gateway, house.devices));
  await using status = showStatus(flags.httpPort, output);
  stop.after(flags.seconds);
  await Promise.race([stop.asked, ended]);
  return status.latest();
}

async function live(flags: DemoFlags, output: Output, running: Running): Promise<number> {
  const { cloud, gateway, stop } = running;
  const started = performance.now();
  let hasEnded = false;
  const ended = gateway.ended.then((end) => {
    hasEnded = true;
    return end;
  });
  await becomeReady(flags, running);
  let figures: GatewayFigures | undefined;
  if (!hasEnded && !stop.signal.aborted) {
    try {
      figures = await inhabit(flags, output, running, ended);
    } catch (error) {
      // A gateway that died takes the house's connections with it: its own words say more than theirs.
      await Promise.race([ended, sleep(1000)]);
      if (!hasEnded) throw error;
    }
  }
  if (hasEnded) {
    const end = await ended;
    console.error(`portcullis demo: ${gatewayFailure(end, gateway.logFile)}`);
    return end.code === 0 ? 70 : end.code;
  }
  figures = await drain(flags.httpPort, figures);
  const end = await gateway.stop(graceMs);
  if (end.signal === 'SIGKILL') {
    console.error(`portcullis demo: The gateway did not stop within ${graceMs / 1000} s and was killed.`);
  }
  output.write(`${summaryLine(figures, (performance.now() - started) / 1000, cloud.totals().count)}\n`);
  // Asked to stop before it listens for signals, the gateway ends by the signal itself.
  return end.signal === 'SIGTERM' ? 0 : end.code;
}
