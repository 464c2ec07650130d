import { join } from 'node:path';
import { freePort } from '../../test/harness/free-port.ts';
import type { Peer } from './contender.ts';
import { gatherCrew, takesConnections } from './crew.ts';
import { durableSubscriber } from './subscriber.ts';

/** Stock Aedes 1.2 with its defaults: sessions and queues are in memory. */
export const stockAedes: Peer = {
  name: 'stock Aedes',
  missing: () => undefined,
  async open({ beside }) {
    const crew = gatherCrew(beside);
    const port = await freePort();
    const far = durableSubscriber(port);
    const program = join(import.meta.dirname, '../stock-aedes.ts');
    return {
      port,
      far,
      start: (env) =>
        crew.launch('aedes', [process.execPath, program, String(port)], { env, isReady: () => takesConnections(port) }),
      kill: crew.kill,
      pids: crew.pids,
      [Symbol.asyncDispose]: async () => {
        await far[Symbol.asyncDispose]();
        await crew.kill();
      },
    };
  },
};
