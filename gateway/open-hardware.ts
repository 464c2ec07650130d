import type { Logger } from 'pino';
import type { Ingest } from '../contracts/pipeline.ts';
import type { SerialPoll } from '../contracts/plugin.ts';
import type { Config } from './config/schema.ts';
import type { Clock } from './lib/clock.ts';
import type { Metrics } from './observability/metrics.ts';
import { serialOptions } from './stage-options.ts';
import { openSerial, type SerialTransport } from './transports/serial/open-serial.ts';

export interface HardwareDeps {
  readonly ingest: Ingest;
  /** What the plugins want to ask over serial lines. */
  readonly polls: readonly SerialPoll[];
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The lines that belong to the board: serial ports and pins. */
export interface Hardware extends AsyncDisposable {
  readonly serial: SerialTransport;
}

/** Close it before ingest. */
export async function openHardware(config: Config, deps: HardwareDeps): Promise<Hardware> {
  await using opening = new AsyncDisposableStack();
  const serial = opening.use(openSerial(serialOptions(config), deps.polls, deps));
  countSerial(deps.metrics, serial);
  const open = opening.move();
  return { serial, [Symbol.asyncDispose]: () => open.disposeAsync() };
}

function countSerial(metrics: Metrics, serial: SerialTransport): void {
  metrics.gauge('serial_port_open', '1 while the port is open.', ['port'], () =>
    serial.status().map(({ port, state }) => ({ labels: { port }, value: state === 'open' ? 1 : 0 })),
  );
  metrics.gauge('serial_station_online', '1 while the station answers.', ['station'], () =>
    serial
      .status()
      .flatMap(({ stations }) => stations)
      .map(({ station, isOnline }) => ({ labels: { station }, value: isOnline ? 1 : 0 })),
  );
}
