import { readFile } from 'node:fs/promises';
import { PortcullisError } from '../../contracts/errors.ts';
import { discovered } from './esphome.ts';
import { openStation } from './open-station.ts';
import type { OpenStation, StationCounts } from './open-station.ts';
import { shelliesGen1 } from './shelly-gen1.ts';
import { shelliesGen2 } from './shelly-gen2.ts';
import type { Station } from './station.ts';
import { tasmotas } from './tasmota.ts';
import { zigbee2mqtt } from './zigbee2mqtt.ts';

export interface HouseOptions {
  readonly host: string;
  readonly port: number;
  /** TLS, with the PEM file of the authority to trust; without a file the public ones. */
  readonly tls?: { readonly caFile?: string | undefined } | undefined;
  /** User name and password of one client id; undefined connects without. */
  readonly credentials?: (clientId: string) => { username: string; password: string } | undefined;
  /** Messages come this many times as often; 1 is about 12 a second. */
  readonly rate?: number;
  /** The same seed gives the same values in the same order. */
  readonly seed?: number;
}

/** A running house. Closing it says goodbye for every device and waits at most two seconds for acknowledgements. */
export interface House extends AsyncDisposable {
  readonly devices: number;
  readonly connections: number;
  counts(): StationCounts;
}

/** The connections of the house by what speaks on them. */
export const families: Readonly<Record<string, readonly Station[]>> = {
  zigbee2mqtt: [zigbee2mqtt],
  tasmota: tasmotas,
  'shelly-gen1': shelliesGen1,
  'shelly-gen2': shelliesGen2,
  esphome: discovered,
};

/** Every connection of the house. */
export const stations: readonly Station[] = Object.values(families).flat();

const connectTimeoutMs = 15_000;
const nobody = (): undefined => undefined;

async function caOf(options: HouseOptions): Promise<string | undefined> {
  const file = options.tls?.caFile;
  if (file === undefined) return undefined;
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new PortcullisError('FILE_UNREADABLE', `Cannot read the CA file ${file}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/**
 * Moves a house of devices in: resolves when all are connected and have introduced themselves, and rejects with
 * BROKER_UNREACHABLE when they could not within 15 s. Later a lost connection is made again by itself.
 */
export async function openHouse(options: HouseOptions): Promise<House> {
  const { host, port, tls, credentials = nobody, rate = 1, seed = 1 } = options;
  const url = `${tls ? 'mqtts' : 'mqtt'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const ca = await caOf(options);
  await using undo = new AsyncDisposableStack();
  const deadline = AbortSignal.timeout(connectTimeoutMs);
  const opened = await Promise.allSettled(
    stations.map(async (station): Promise<OpenStation> => {
      const login = credentials(station.clientId);
      return undo.use(await openStation({ station, url, ca, login, rate, seed, signal: deadline }));
    }),
  );
  const failed = opened.find((result) => result.status === 'rejected');
  if (failed) {
    const why = (failed.reason as Error).message;
    throw new PortcullisError('BROKER_UNREACHABLE', `The simulated house cannot connect to ${url}: ${why}`, {
      cause: failed.reason,
    });
  }
  const open = opened.filter((result) => result.status === 'fulfilled').map((result) => result.value);
  const owned = undo.move();
  return {
    devices: stations.reduce((sum, { parts }) => sum + parts.length, 0),
    connections: open.length,
    counts: () => {
      const all = open.map((one) => one.counts());
      const sum = (name: keyof StationCounts): number => all.reduce((total, one) => total + one[name], 0);
      return { sent: sum('sent'), acked: sum('acked'), skipped: sum('skipped'), obeyed: sum('obeyed') };
    },
    // Side by side: one after the other would add up the waits for the last acknowledgements.
    [Symbol.asyncDispose]: async () => {
      await Promise.all(open.map((one) => one[Symbol.asyncDispose]()));
      await owned.disposeAsync();
    },
  };
}
