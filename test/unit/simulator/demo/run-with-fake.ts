// The demo with a stand-in for the gateway. Says which process that is, so that a test can look for it.
import { join } from 'node:path';
import { readFileSync, readdirSync } from 'node:fs';
import { readFlags } from '../../../../simulator/demo/flags.ts';
import { runDemo } from '../../../../simulator/demo/run-demo.ts';

const fake = join(import.meta.dirname, process.env['FAKE'] ?? 'fake-gateway.ts');

/** The child of this process that runs the fake. */
function findGateway(): string | undefined {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ');
  return children.find((pid) => pid !== '' && readdirSync('/proc').includes(pid));
}

const watch = setInterval(() => {
  const pid = findGateway();
  if (pid === undefined) return;
  process.stdout.write(`gateway pid ${pid}\n`);
  clearInterval(watch);
}, 20);
watch.unref();
process.exitCode = await runDemo(readFlags(process.argv), process.stdout, [fake]);
clearInterval(watch);
