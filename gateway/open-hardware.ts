import type { Logger } from 'pino';
import type { GpioLines, SerialPorts } from '../contracts/handles.ts';
import type { Ingest } from '../contracts/pipeline.ts';
import type { SerialPoll } from '../contracts/plugin.ts';
import type { TableStore } from '../contracts/table-set.ts';
import type { Config } from './config/schema.ts';
import type { Clock } from './lib/clock.ts';
import type { Metrics } from './observability/metrics.ts';
import { gpioOptions, serialOptions } from './stage-options.ts';
import { openGpio, type GpioLineStatus, type GpioTransport } from './transports/gpio/open-gpio.ts';
import {
  openSerial,
  type PresentAdapter,
  type SerialPortStatus,
  type SerialTransport,
} from './transports/serial/open-serial.ts';

export interface HardwareDeps {
  readonly ingest: Ingest;
  readonly store: TableStore;
  /** What they want to ask over serial lines. */
  readonly plugins: readonly { readonly polls?: readonly SerialPoll[] | undefined }[];
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The lines that belong to the board: serial ports and pins. */
export interface Hardware extends AsyncDisposable {
  readonly serial: SerialTransport;
  readonly gpio: GpioTransport;
  status(): Promise<{
    readonly serial: readonly SerialPortStatus[];
    readonly adapters: readonly PresentAdapter[];
    readonly gpio: readonly GpioLineStatus[];
  }>;
  /** What plugins may borrow of them. */
  readonly lends: { readonly serial: SerialPorts; readonly gpio: GpioLines };
}

/** Close it before ingest. */
export async function openHardware(config: Config, deps: HardwareDeps): Promise<Hardware> {
  await using opening = new AsyncDisposableStack();
  const polls = deps.plugins.flatMap(({ polls = [] }) => polls);
  const serial = opening.use(openSerial(serialOptions(config), polls, deps));
  countSerial(deps.metrics, serial);
  const gpio = opening.use(await openGpio(gpioOptions(config), deps));
  countGpio(deps.metrics, gpio);
  const open = opening.move();
  const lends = { serial: serial.ports, gpio: gpio.lines };
  const status = async () => ({ serial: serial.status(), adapters: await serial.present(), gpio: gpio.status() });
  return { serial, gpio, status, lends, [Symbol.asyncDispose]: () => open.disposeAsync() };
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

function countGpio(metrics: Metrics, gpio: GpioTransport): void {
  metrics.gauge('gpio_line_open', '1 while the line is open.', ['line'], () =>
    gpio.status().map(({ line, state }) => ({ labels: { line }, value: state === 'open' ? 1 : 0 })),
  );
}
