import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensurePrograms } from '../../scripts/debian-packages.mjs';
import { freePort } from '../../test/harness/free-port.ts';
import type { Contender, Peer, Place } from './contender.ts';
import { gatherCrew, takesConnections, type Crew } from './crew.ts';
import { durableSubscriber } from './subscriber.ts';

export function mosquittoMissing(): string | undefined {
  const lacking = ensurePrograms({ mosquitto: 'mosquitto' }, (sentence) => console.error(`peers: ${sentence}`));
  return lacking && `needs mosquitto: ${lacking.command}`;
}

interface Broker {
  readonly crew: Crew;
  readonly port: number;
  readonly place: Place;
  /** Lines of mosquitto.conf that say when it saves. */
  readonly saving: readonly string[];
}

/** Persistence as Debian's package has it: the file is written every 30 minutes, and at an end in order. */
export const asDebian: readonly string[] = [];

/** The most that its manual offers: the file is written whole whenever anything that lasts has changed. */
export const eachChange: readonly string[] = ['autosave_on_changes true', 'autosave_interval 1'];

/** Starts mosquitto so that no queue is cut short: `max_queued_messages` and its bytes are without bound. */
export async function startMosquitto(
  { crew, port, place, saving }: Broker,
  env?: Readonly<Record<string, string>>,
): Promise<void> {
  const folder = join(place.disk, 'mosquitto');
  mkdirSync(folder, { recursive: true });
  const file = join(place.beside, 'mosquitto.conf');
  const lines = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    'user root',
    'persistence true',
    `persistence_location ${folder}`,
    'max_queued_messages 0',
    'log_type error',
    'log_type warning',
    ...saving,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  await crew.launch('mosquitto', ['mosquitto', '-c', file], { env, isReady: () => takesConnections(port) });
}

export const mosquitto = (name: string, saving: readonly string[]): Peer => ({
  name,
  missing: mosquittoMissing,
  async open(place): Promise<Contender> {
    const crew = gatherCrew(place.beside);
    const port = await freePort();
    const far = durableSubscriber(port);
    return {
      port,
      far,
      start: (env) => startMosquitto({ crew, port, place, saving }, env),
      kill: crew.kill,
      pids: crew.pids,
      [Symbol.asyncDispose]: async () => {
        await far[Symbol.asyncDispose]();
        await crew.kill();
      },
    };
  },
});
