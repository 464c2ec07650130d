// The GPIO lines of a gateway as a process of their own, so that a test can kill it: what the plugin makes of each message
// goes out as a row of JSON, a row `<name> on|off` that comes in is a command. Argument: the kernel's interface.
import { createInterface } from 'node:readline';
import type { Logger } from 'pino';
import type { TableStore } from '../../contracts/table-set.ts';
import { systemClock } from '../../gateway/lib/clock.ts';
import { openGpio } from '../../gateway/transports/gpio/open-gpio.ts';
import type { GpioLineOptions, GpioOptions } from '../../gateway/transports/gpio/options.ts';
import gpioPlugin from '../../plugins/gpio/index.ts';

const say = (what: object): void => void process.stdout.write(`${JSON.stringify(what)}\n`);
const quiet = { activeLow: false, pull: undefined };
const lines: readonly GpioLineOptions[] = [
  { ...quiet, name: 'door', as: 'input', place: { pin: 11 }, debounceMs: 0 },
  { ...quiet, name: 'button', as: 'input', place: { pin: 15 }, debounceMs: 1_000 },
  { ...quiet, name: 'water', as: 'counter', place: { line: 'GPIO27' }, debounceMs: 0, reportMs: 50 },
  { name: 'pump', as: 'output', place: { pin: 16 }, activeLow: false, safe: 0 },
  { name: 'valve', as: 'output', place: { pin: 18 }, activeLow: true, safe: 0 },
];
const config = gpioPlugin.config.parse({
  lines: {
    door: { is: 'door' },
    button: { is: 'input' },
    water: { is: 'pulses', of: 'water.volume', unit: 'L', perPulse: 1 },
    pump: { is: 'switch' },
    valve: { is: 'switch' },
  },
});
const log = { info: () => undefined, warn: (_about: object, text: string) => say({ warn: text }) };
const store: TableStore = { write: () => Promise.resolve(), read: () => Promise.resolve([]) };

const gpio = await openGpio(
  { interface: process.argv[2] as GpioOptions['interface'], board: undefined, lines },
  {
    clock: systemClock,
    log: log as unknown as Logger,
    store,
    ingest: async (envelope) => {
      for (const { device, metrics } of gpioPlugin.decode(envelope, { config, knowledge: new Map() })) {
        for (const { n, value } of metrics) say({ device, n, value });
      }
      return { stored: 1, filtered: 0, deadLettered: 0 };
    },
  },
);
for await (const row of createInterface(process.stdin)) {
  const [name, payload = ''] = row.split(' ');
  await gpio.send({ topic: `gpio/${name}/set`, payload, qos: 1 });
}
await gpio[Symbol.asyncDispose]();
