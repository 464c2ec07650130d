import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ensurePrograms } from '../../scripts/debian-packages.mjs';
import { freePort } from '../../test/harness/free-port.ts';
import type { Peer } from './contender.ts';
import { gatherCrew } from './crew.ts';
import { asDebian, mosquittoMissing, startMosquitto } from './mosquitto.ts';
import { numberFrom } from './number-from.ts';
import { settingsOf } from './thingsboard-settings.ts';
import { openThingsboardSide } from './thingsboard-side.ts';

const version = '3.8.5';
const cache = join(homedir(), '.cache/portcullis/peers', `thingsboard-gateway-${version}`);
const program = join(cache, 'bin/thingsboard-gateway');

/** PyPI's package in a virtual environment of its own, which stays. */
function missing(): string | undefined {
  if (existsSync(program)) return mosquittoMissing();
  const say = (sentence: string): void => console.error(`peers: ${sentence}`);
  const lacking = ensurePrograms({ python3: 'python3-venv' }, say);
  if (lacking !== undefined) return `needs Python: ${lacking.command}`;
  try {
    say(`installing thingsboard-gateway ${version} from PyPI (once, about a minute)…`);
    execFileSync('python3', ['-m', 'venv', cache], { stdio: 'pipe' });
    const install = ['install', '--quiet', `thingsboard-gateway==${version}`];
    execFileSync(join(cache, 'bin/pip'), install, { stdio: 'pipe' });
  } catch (error) {
    return `thingsboard-gateway ${version} could not be installed from PyPI (${String(error).slice(0, 200)})`;
  }
  return mosquittoMissing();
}

/** ThingsBoard's gateway with SQLite as its storage, behind Debian's mosquitto. */
export const thingsboard: Peer = {
  name: 'ThingsBoard gateway behind mosquitto',
  missing,
  async open(place) {
    const { disk, beside } = place;
    const crew = gatherCrew(beside);
    const port = await freePort();
    const far = await openThingsboardSide();
    const folder = join(beside, 'thingsboard');
    const storage = join(disk, 'thingsboard');
    const database = join(storage, 'data.db');
    mkdirSync(folder);
    const settings = settingsOf({ brokerPort: port, thingsboardPort: far.port, storage });
    for (const [name, content] of Object.entries(settings)) writeFileSync(join(folder, name), JSON.stringify(content));
    return {
      port,
      far,
      async start(env) {
        mkdirSync(storage, { recursive: true });
        await startMosquitto({ crew, port, place, saving: asDebian }, env);
        // It takes nothing into its storage before it has been at its server.
        await far.appear();
        const started = (): number => crew.timesSaid('thingsboard', 'Gateway started.');
        const before = started();
        await crew.launch('thingsboard', [program], {
          // It asks an address of its vendor for news; nothing answers here.
          env: { ...env, TB_GW_CONFIG_DIR: folder, HTTPS_PROXY: 'http://127.0.0.1:9' },
          isReady: async () => started() > before,
        });
      },
      kill: crew.kill,
      pids: crew.pids,
      stored: () => numberFrom(database, messagesEver),
      holds: async () => numberFrom(database, 'SELECT count(*) FROM messages'),
      [Symbol.asyncDispose]: async () => {
        await crew.kill();
        await far[Symbol.asyncDispose]();
      },
    };
  },
};

/** One row can hold several messages. */
const messagesEver = `SELECT coalesce(sum((length(message) - length(replace(message, '"note"', ''))) / 6), 0) FROM messages`;
