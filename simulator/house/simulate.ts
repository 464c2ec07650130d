import { readFile } from 'node:fs/promises';
import { PortcullisError } from '../../contracts/errors.ts';
import { waitForStop } from '../wait-for-stop.ts';
import { openHouse } from './house.ts';

/** What `portcullis simulate` was given. */
export interface SimulateFlags {
  readonly host: string;
  readonly port: number;
  readonly tls?: boolean;
  /** PEM file of the authority to trust; it asks for TLS. */
  readonly ca?: string;
  /** User name of every device. */
  readonly user?: string;
  /** Without it the password is in the environment variable MQTT_PASSWORD. */
  readonly passwordFile?: string;
  readonly rate: number;
  readonly seed: number;
  /** Stops by itself after so many seconds. */
  readonly seconds?: number;
  readonly json?: boolean;
}

async function passwordOf(file: string | undefined): Promise<string> {
  if (file === undefined) return process.env['MQTT_PASSWORD'] ?? '';
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw new PortcullisError('FILE_UNREADABLE', `Cannot read ${file}: ${(cause as Error).message}`, { cause });
  }
}

/** Runs the house against a broker until it is asked to stop, then prints what it did. */
export async function simulate(flags: SimulateFlags): Promise<void> {
  const { host, port, tls, ca, user, passwordFile, rate, seed, seconds, json } = flags;
  const password = user === undefined ? '' : await passwordOf(passwordFile);
  using stop = waitForStop();
  await using house = await openHouse({
    host,
    port,
    rate,
    seed,
    tls: tls === true || ca !== undefined ? { caFile: ca } : undefined,
    credentials: () => (user === undefined ? undefined : { username: user, password }),
  });
  const { devices, connections } = house;
  if (json !== true)
    console.log(`${devices} devices on ${connections} connections to ${host}:${port}. Stop with Ctrl-C.`);
  stop.after(seconds);
  await stop.asked;
  await house[Symbol.asyncDispose]();
  const counts = { devices, connections, ...house.counts() };
  const { sent, acked, skipped, obeyed } = counts;
  const line = `Sent ${sent} messages, ${acked} completed, ${skipped} left out; obeyed ${obeyed} commands.`;
  console.log(json === true ? JSON.stringify(counts) : line);
}
