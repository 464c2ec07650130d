import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import type { CommandStatus } from '../../contracts/command.ts';
import type { Measurement } from '../../contracts/message.ts';
import { inspectBuffer } from '../../gateway/buffer/inspect.ts';
import { adminTokenFile } from '../../gateway/config/identity.ts';
import type { Daemon } from './daemon.ts';
import { waitUntil } from './wait-until.ts';

/** A Tasmota lamp that counts what it was told; `tasmota:lamp` to the gateway. */
export interface Lamp extends AsyncDisposable {
  readonly on: boolean;
  /** Payloads of `cmnd/lamp/POWER`, in order; a retained one has `!` behind it. */
  readonly told: readonly string[];
}

export const lampId = 'tasmota:lamp';

/** Plugs a lamp in; it answers unless it is `mute`. Resolves when the gateway has heard of it. */
export async function plugIn({ mqttPort }: Pick<Daemon, 'mqttPort'>, mute = false): Promise<Lamp> {
  const told: string[] = [];
  let on = false;
  const client: MqttClient = await connectAsync({
    host: '127.0.0.1',
    port: mqttPort,
    clientId: 'lamp',
    reconnectPeriod: 100,
  });
  client.on('error', () => undefined);
  client.on('message', (_topic, payload, { retain }) => {
    const wish = payload.toString();
    told.push(retain ? `${wish}!` : wish);
    on = wish === 'TOGGLE' ? !on : wish === 'ON';
    if (!mute) client.publish('stat/lamp/RESULT', JSON.stringify({ POWER: on ? 'ON' : 'OFF' }), { qos: 1 });
  });
  await client.subscribeAsync('cmnd/lamp/POWER', { qos: 1 });
  await client.publishAsync('tele/lamp/STATE', JSON.stringify({ POWER: 'OFF' }), { qos: 1 });
  return {
    get on() {
      return on;
    },
    told,
    [Symbol.asyncDispose]: () => client.endAsync(true),
  };
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
