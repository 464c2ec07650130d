import type { Config } from './config/schema.ts';
import type { NotifyConfig } from './config/notify-schema.ts';
import { readAuthorities } from './config/certificates.ts';
import { readConfigured } from './config/read-text.ts';
import type { Buffer } from './buffer/buffer.ts';
import type { GatewayDeps } from './gateway.ts';
import type { Channel } from './notify/channels/channel.ts';
import { openChannel, type ChannelOptions } from './notify/channels/open-channel.ts';
import type { Publish } from './notify/channels/mqtt.ts';
import { openNotify, type Notify } from './notify/open-notify.ts';
import type { Registry } from './registry/open-registry.ts';

interface Stages {
  /** The gateway's name. */
  readonly name: string;
  readonly buffer: Buffer;
  readonly registry: Registry;
}

/** Tells people of alarms, once `connect` was called. */
export interface Notifications {
  readonly notify: Notify;
  /** Opens the channels, the gateway's own broker among them, and sends what waits. Throws CONFIG_INVALID or FILE_UNREADABLE. */
  connect(publish: Publish): Promise<void>;
}

/** Nothing of it is loaded while no channel is configured. */
export async function openNotifications(
  { notify: config, site }: Config,
  { name, buffer, registry }: Stages,
  { log, clock, switches }: GatewayDeps,
): Promise<Notifications | undefined> {
  if (config === undefined) return undefined;
  const notify = await openNotify({
    store: buffer,
    responsibleFor: (place) => responsibleFor(registry, place, config.fallback),
    membersOf: (group) => membersOf(registry, [group]),
    channelNames: new Set(Object.keys(config.channels)),
    timeZone: site.timeZone,
    log,
    clock,
    onMoment: switches.onMoment,
    settle: switches.settle,
  });
  const words = {
    gateway: site.name === 'home' ? name : `${site.name} ${name}`,
    timeZone: site.timeZone,
    pathOf: (place: string) => (chainOf(registry, place).length === 0 ? undefined : registry.pathOf(place)),
  };
  return {
    notify,
    async connect(publish) {
      const channels = new Map<string, Channel>();
      for (const [key, channel] of Object.entries(config.channels)) {
        const options = await optionsOf(channel, `notify.channels.${key}`);
        channels.set(key, await openChannel(options, words, { publish, wallMs: () => clock.wallMs() }));
      }
      notify.connect(channels);
    },
  };
}

/** Secrets are read once, here. */
async function optionsOf(channel: NotifyConfig['channels'][string], key: string): Promise<ChannelOptions> {
  const read = (file: string | undefined, name: string): Promise<string | undefined> =>
    file === undefined ? Promise.resolve(undefined) : readConfigured(file, `${key}.${name}`);
  if (channel.kind === 'mqtt') return channel;
  const ca = channel.ca === undefined ? undefined : await readAuthorities(channel.ca, `${key}.ca`);
  if (channel.kind === 'email') {
    const { user, passwordFile, ...rest } = channel;
    const password = await read(passwordFile, 'passwordFile');
    return { ...rest, ca, login: user !== undefined && password !== undefined ? { user, password } : undefined };
  }
  if (channel.kind === 'ntfy') return { ...channel, ca, token: await read(channel.tokenFile, 'tokenFile') };
  return { ...channel, ca, secret: await readConfigured(channel.secretFile, `${key}.secretFile`) };
}

/** Groups that have an area around the place among theirs, and the people in them; else the fallback, in the same way. */
function responsibleFor(registry: Registry, place: string | undefined, fallback: readonly string[]): string[] {
  const around = place === undefined ? [] : chainOf(registry, place);
  const groups = [...registry.groups()].flatMap(({ name, areas }) =>
    areas.some((area) => around.includes(area)) ? [name] : [],
  );
  const names = groups.length > 0 ? groups : fallback;
  return [...names, ...membersOf(registry, names)];
}

function membersOf(registry: Registry, names: readonly string[]): string[] {
  return [...registry.groups()].flatMap(({ name, members }) => (names.includes(name) ? members : []));
}

/** The ids of a place and of those around it; none for a place that is not there. */
function chainOf(registry: Registry, place: string): string[] {
  const places = new Map(Array.from(registry.places(), (one) => [one.id, one]));
  const chain: string[] = [];
  for (let at = places.get(place); at !== undefined; at = at.parent === undefined ? undefined : places.get(at.parent)) {
    chain.push(at.id);
  }
  return chain;
}
