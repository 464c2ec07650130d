// What `npm start` runs: a gateway as it is deployed, a house of simulated devices, a local Tuya-style cloud.
import { CommanderError } from 'commander';
import { errorTable, PortcullisError } from '../contracts/errors.ts';
import { readFlags } from './demo/flags.ts';
import { runDemo } from './demo/run-demo.ts';

// A reader that goes away, as in `npm start | head`, is a wish to stop.
process.stdout.on('error', () => process.kill(process.pid, 'SIGTERM'));

try {
  process.exitCode = await runDemo(readFlags(process.argv), process.stdout);
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : errorTable.USAGE.exit);
  if (error instanceof PortcullisError) {
    console.error(`portcullis demo: ${error.message}`);
    process.exit(error.exitCode);
  }
  console.error('portcullis demo: a fault of its own. Please report it with the lines below.');
  console.error(error);
  process.exit(errorTable.INTERNAL.exit);
}
