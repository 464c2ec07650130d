import { Command } from 'commander';
import type { SimulateFlags } from '../../simulator/house/simulate.ts';
import { portOption, rateOption, secondsOption, seedOption } from '../../simulator/number-option.ts';

/** `portcullis simulate`: the simulated house against any broker, until Ctrl-C, SIGTERM or `--seconds`. */
export function simulateCommand(): Command {
  return new Command('simulate')
    .description('Connect a simulated house of devices to any MQTT broker.')
    .option('--host <host>', 'broker', '127.0.0.1')
    .option('--port <port>', 'its port', portOption, 1883)
    .option('--tls', 'speak TLS')
    .option('--ca <file>', 'PEM file of the authority to trust, with --tls')
    .option('--user <name>', 'user name of every device')
    .option('--password-file <file>', 'file with the password; the environment variable MQTT_PASSWORD does as well')
    .option('--rate <factor>', 'devices report this many times as often', rateOption, 1)
    .option('--seed <n>', 'the same seed gives the same values', seedOption, 1)
    .option('--seconds <n>', 'stop after so many seconds', secondsOption)
    .option('--json', 'print the counts at the end as JSON')
    .action(async (flags: SimulateFlags) => {
      const { simulate } = await import('../../simulator/house/simulate.ts');
      await simulate(flags);
    });
}
