import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { portOption, rateOption, secondsOption } from '../number-option.ts';

export interface DemoFlags {
  readonly data: string;
  readonly mqttPort: number;
  readonly tlsPort: number;
  readonly httpPort: number;
  readonly cloudPort: number;
  readonly rate: number;
  /** Stops by itself so many seconds after everything runs. */
  readonly seconds?: number;
}

const defaultData = join(import.meta.dirname, '../../.portcullis');

/** Parses the command line; throws commander's error after it has printed the sentence or the help. */
export function readFlags(argv: readonly string[]): DemoFlags {
  const flags = new Command('npm start --')
    .description('Run the gateway with a simulated house and a local Tuya-style cloud, all on this machine.')
    .option('--data <dir>', 'folder for everything that is kept', defaultData)
    .option('--mqtt-port <port>', 'MQTT', portOption, 1883)
    .option('--tls-port <port>', 'MQTT over TLS', portOption, 8883)
    .option('--http-port <port>', 'console and API', portOption, 8080)
    .option('--cloud-port <port>', 'local cloud', portOption, 8443)
    .option('--rate <factor>', 'devices report this many times as often', rateOption, 1)
    .option('--seconds <n>', 'stop so many seconds after everything runs', secondsOption)
    .exitOverride()
    .parse([...argv])
    .opts<DemoFlags>();
  return { ...flags, data: resolve(flags.data) };
}
