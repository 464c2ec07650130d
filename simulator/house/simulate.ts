import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { PortcullisError } from '../../contracts/errors.ts';
import { waitForStop } from '../demo/wait-for-stop.ts';
import { openHouse } from './house.ts';

const flagsSchema = z.object({
  host: z.string().min(1),
  port: z.coerce.number().int().min(1).max(65_535),
  tls: z.boolean().optional(),
  ca: z.string().optional(),
  user: z.string().optional(),
  passwordFile: z.string().optional(),
  rate: z.coerce.number().min(0.01).max(1000),
  seed: z.coerce.number().int(),
  seconds: z.coerce.number().positive().optional(),
  json: z.boolean().optional(),
});

/** What `portcullis simulate` was given, still as text. */
export type SimulateFlags = Readonly<Partial<Record<keyof z.infer<typeof flagsSchema>, string | boolean>>>;

async function passwordOf(file: string | undefined): Promise<string> {
  if (file === undefined) return process.env['MQTT_PASSWORD'] ?? '';
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw new PortcullisError('FILE_UNREADABLE', `Cannot read ${file}: ${(cause as Error).message}`, { cause });
  }
}

/** Runs the house against a broker until it is asked to stop, then prints what it did. */
export async function simulate(given: SimulateFlags): Promise<void> {
  const parsed = flagsSchema.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new PortcullisError('USAGE', `--${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong'}.`);
  }
  const { host, port, tls, ca, user, passwordFile, rate, seed, seconds, json } = parsed.data;
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
