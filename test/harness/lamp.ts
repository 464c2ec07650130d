import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import type { CommandStatus } from '../../contracts/command.ts';
import type { Measurement } from '../../contracts/message.ts';
import { inspectBuffer } from '../../gateway/buffer/inspect.ts';
import { adminTokenFile } from '../../gateway/config/identity.ts';
import type { Daemon } from './daemon.ts';
import { waitUntil } from './wait-until.ts';

/** A Tasmota lamp that counts what it was told; `tasmota:<name>` to the gateway. */
export interface Lamp extends AsyncDisposable {
  readonly on: boolean;
  /** Payloads of `cmnd/<name>/POWER`, in order; a retained one has `!` behind it. */
  readonly told: readonly string[];
}

export const lampId = 'tasmota:lamp';

/** A device that is told something on one topic and answers. */
interface Double {
  readonly clientId: string;
  readonly ear: string;
  readonly hello: Said;
  readonly answer: (wish: string) => Said;
}
type Said = readonly [topic: string, payload: string];

/** Connects it; resolves with what it is told, in order, when the gateway has heard of it. A retained one has `!` behind it. */
async function connectDouble(port: number, { clientId, ear, hello, answer }: Double) {
  const told: string[] = [];
  const client: MqttClient = await connectAsync({ host: '127.0.0.1', port, clientId, reconnectPeriod: 100 });
  client.on('error', () => undefined);
  client.on('message', (_topic, payload, { retain }) => {
    const wish = payload.toString();
    told.push(retain ? `${wish}!` : wish);
    client.publish(...answer(wish), { qos: 1 });
  });
  await client.subscribeAsync(ear, { qos: 1 });
  await client.publishAsync(...hello, { qos: 1 });
  return { told, [Symbol.asyncDispose]: () => client.endAsync(true) };
}

/** Plugs a lamp in. Resolves when the gateway has heard of it. */
export async function plugIn(
  { mqttPort }: Pick<Daemon, 'mqttPort'>,
  { name = 'lamp' }: { name?: string } = {},
): Promise<Lamp> {
  let on = false;
  const answer = (wish: string): Said => {
    on = wish === 'TOGGLE' ? !on : wish === 'ON';
    return [`stat/${name}/RESULT`, JSON.stringify({ POWER: on ? 'ON' : 'OFF' })];
  };
  const hello: Said = [`tele/${name}/STATE`, JSON.stringify({ POWER: 'OFF' })];
  const double = await connectDouble(mqttPort, { clientId: name, ear: `cmnd/${name}/POWER`, hello, answer });
  return {
    get on() {
      return on;
    },
    ...double,
  };
}

/** A device of plain JSON, `json:<name>`, that shows what it was told to be. */
export function plainDevice({ mqttPort }: Pick<Daemon, 'mqttPort'>, name: string) {
  const state = `devices/${name}/state`;
  const answer = (wish: string): Said => [state, wish];
  return connectDouble(mqttPort, { clientId: name, ear: `devices/${name}/set`, hello: [state, '{"up":true}'], answer });
}

/** Sends a command over the API; resolves with the HTTP status and what it said. */
export async function command(
  { httpPort, dataDir }: Pick<Daemon, 'httpPort' | 'dataDir'>,
  wish: object,
  headers: Record<string, string> = {},
): Promise<{ readonly status: number; readonly said: CommandStatus }> {
  const token = readFileSync(join(dataDir, adminTokenFile), 'utf8').trim();
  const answer = await fetch(`http://127.0.0.1:${httpPort}/api/v1/commands`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(wish),
  });
  return { status: answer.status, said: (await answer.json()) as CommandStatus };
}

/** Waits for the end of a command. */
export async function ended({ api }: Pick<Daemon, 'api'>, id: string): Promise<CommandStatus> {
  let status: CommandStatus | undefined;
  await waitUntil(`the end of command ${id}`, async () => {
    status = await api<CommandStatus>(`/api/v1/commands/${id}`);
    return ['acked', 'failed', 'expired'].includes(status.state);
  });
  return status as CommandStatus;
}

/** The results in the log, as `<id> <state>`. */
export function resultsIn(dataDir: string): string[] {
  using buffer = inspectBuffer(dataDir);
  return [...buffer.records()].flatMap(({ record }) => {
    const { result } = record as Measurement;
    return result === undefined ? [] : [`${result.command} ${result.state}`];
  });
}
