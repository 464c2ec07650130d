import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { freePort } from '../../test/harness/free-port.ts';
import type { Peer } from './contender.ts';
import { gatherCrew } from './crew.ts';
import { openHttpsSide } from './https-side.ts';
import { asDebian, mosquittoMissing, startMosquitto } from './mosquitto.ts';
import { numberFrom } from './number-from.ts';
import { gatewayFlow, settingsText } from './node-red-flow.ts';

const { resolve } = createRequire(import.meta.url);

/** Node-RED 5 behind Debian's mosquitto, with a flow that does what the gateway does. */
export const nodeRed: Peer = {
  name: 'Node-RED behind mosquitto',
  missing: mosquittoMissing,
  async open(place) {
    const { disk, beside } = place;
    const crew = gatherCrew(beside);
    const [port, uiPort] = [await freePort(), await freePort()];
    const far = await openHttpsSide(join(beside, 'far-side'));
    const userDir = join(beside, 'node-red');
    const database = join(disk, 'kept.db');
    mkdirSync(userDir);
    const settings = join(userDir, 'settings.cjs');
    writeFileSync(settings, settingsText({ port: uiPort, userDir, database, sqliteModule: resolve('better-sqlite3') }));
    writeFileSync(join(userDir, 'flows.json'), JSON.stringify(gatewayFlow({ brokerPort: port, ...far })));
    const connected = (): number => crew.timesSaid('node-red', 'Connected to broker');
    return {
      port,
      far,
      async start(env) {
        await startMosquitto({ crew, port, place, saving: asDebian }, env);
        const before = connected();
        await crew.launch('node-red', [process.execPath, resolve('node-red/red.js'), '--settings', settings], {
          env,
          isReady: async () => connected() > before,
        });
      },
      kill: crew.kill,
      pids: crew.pids,
      stored: () => numberFrom(database, 'SELECT coalesce(max(id), 0) FROM kept'),
      holds: async () => numberFrom(database, 'SELECT count(*) FROM kept'),
      [Symbol.asyncDispose]: async () => {
        await crew.kill();
        await far[Symbol.asyncDispose]();
      },
    };
  },
};
