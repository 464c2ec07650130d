import type { TakenUsers, TakeoverModel } from './api/takeover-routes.ts';
import type { Registry } from './registry/open-registry.ts';
import { readZigbee2Mqtt } from './registry/zigbee2mqtt-files.ts';
import type { LoginDesk } from './transports/mqtt/login-desk.ts';
import { readMosquitto } from './transports/mqtt/mosquitto-files.ts';

/** What was there before the gateway, taken over from its own files: devices into the registry, users into the broker. */
export function takeoverModel(registry: Registry, logins: LoginDesk): TakeoverModel {
  return {
    async zigbee2mqtt(text, dryRun) {
      const { devices, notes } = readZigbee2Mqtt(text);
      return { ...(await registry.takeOver(devices, dryRun)), notes };
    },
    async mosquitto(text, dryRun, rights) {
      const { users, notes } = readMosquitto(text, rights);
      const isThere = new Set(users.map(({ user }) => user).filter((user) => logins.hasUser(user)));
      const made = new Map<string, string>();
      if (!dryRun) for (const { user, password } of await logins.takeOver(users)) made.set(user, password);
      const shown = users.map(({ user, hash, rights: may }): TakenUsers['users'][number] => {
        const { publish, subscribe } =
          typeof may === 'string' ? { publish: [`as ${may}`], subscribe: [`as ${may}`] } : may;
        const is = isThere.has(user) ? 'there' : hash === undefined ? 'made' : 'kept';
        return { user, is, password: made.get(user), publish: [...publish], subscribe: [...subscribe] };
      });
      return { users: shown, notes: [...notes] };
    },
  };
}
