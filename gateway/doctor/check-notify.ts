import { stat } from 'node:fs/promises';
import type { NotifyConfig } from '../config/notify-schema.ts';
import { readAuthorities } from '../config/certificates.ts';
import { readConfigured } from '../config/read-text.ts';
import type { Config } from '../config/schema.ts';
import { fail, ok, warn, type Finding } from './finding.ts';
import { whyUnreachable, type FarSide } from './reach.ts';

type ChannelConfig = NotifyConfig['channels'][string];

/** Every channel over which people are told: its files can be read, and its far side answers. Nobody is told anything. */
export async function checkNotify({ notify }: Config): Promise<Finding[]> {
  const channels = Object.entries(notify?.channels ?? {});
  const found = await Promise.all(channels.map(([name, channel]) => checkChannel(`notify.channels.${name}`, channel)));
  return found.flat();
}

async function checkChannel(key: string, channel: ChannelConfig): Promise<Finding[]> {
  if (channel.kind === 'mqtt') return [ok('notification', `${key}: goes over the gateway's own broker`)];
  const secrets = ['passwordFile', 'secretFile', 'tokenFile'].flatMap((name): [string, string][] => {
    const path: unknown = Reflect.get(channel, name);
    return typeof path === 'string' ? [[`${key}.${name}`, path]] : [];
  });
  try {
    const ca = channel.ca === undefined ? undefined : await readAuthorities(channel.ca, `${key}.ca`);
    const files = await Promise.all(secrets.map(([name, path]) => checkSecret(name, path)));
    return [...files, await checkFarSide(key, { ...farSideOf(channel), ca })];
  } catch (error) {
    const mend = 'Create the file, or correct its path in the configuration.';
    return [fail('notification', (error as Error).message, mend)];
  }
}

async function checkSecret(key: string, path: string): Promise<Finding> {
  await readConfigured(path, key);
  const { mode } = await stat(path);
  if ((mode & 0o077) === 0) return ok('notification', `${key}: ${path} is private`);
  return warn('notification', `${key}: ${path} can be read by others`, `Run "chmod 600 ${path}".`);
}

function farSideOf(channel: Exclude<ChannelConfig, { kind: 'mqtt' }>): FarSide {
  if (channel.kind === 'email') return { host: channel.host, port: channel.port, tls: channel.tls === 'implicit' };
  const { protocol, hostname, port } = new URL(channel.url);
  const tls = protocol === 'https:';
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port || (tls ? 443 : 80)), tls };
}

async function checkFarSide(key: string, farSide: FarSide): Promise<Finding> {
  const { host, port, tls } = farSide;
  const why = await whyUnreachable(farSide);
  const mend = `Check the network and the address in ${key}; meanwhile what people are to be told waits two days.`;
  if (why !== undefined) return warn('notification', `${key}: ${host}:${port} ${why}`, mend);
  return ok('notification', `${key}: ${host}:${port} answers${tls ? ', its certificate is trusted' : ''}`);
}
