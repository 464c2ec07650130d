import type { Logger } from 'pino';
import { PortcullisError } from '../../contracts/errors.ts';
import {
  userNameFor,
  type CredentialWish,
  type DeviceEdit,
  type DeviceRecord,
  type DeviceRemoval,
  type Removal,
} from '../../contracts/registry.ts';
import type { Operation, OperationReport } from '../../contracts/registry-bulk.ts';
import type { Registry } from './open-registry.ts';

interface Issued {
  readonly user: string;
  readonly password: string;
}

/** The broker, as far as the life of a device reaches into it. */
export interface Broker {
  hasUser(user: string): boolean;
  addCredential(device: { user: string; profile: string; password?: string }): Promise<Issued>;
  rotate(user: string): Promise<Issued>;
  /** Ends the user's credentials, closes its connections, forgets its sessions and retained messages. */
  remove(user: string): Promise<void>;
}

export interface DeviceAccessParts {
  readonly registry: Registry;
  readonly broker: Broker;
  /** Deletes what other stages keep of a device. */
  readonly forgetData: (device: string) => Promise<void>;
  readonly log: Logger;
}

/**
 * Changes of a device that also concern the broker. The registry comes first and is the truth: a device that is
 * DECOMMISSIONED and still names a user has credentials to end, and `settle` ends them after a crash in between.
 */
export interface DeviceAccess {
  /** Lets the device connect; resolves with the password, the only time that it is known. */
  issue(wish: CredentialWish): Promise<Issued>;
  /** A second password; the one before stays valid until the next rotation. */
  rotate(id: string): Promise<Issued>;
  revoke(id: string): Promise<DeviceRecord>;
  editDevice(edit: DeviceEdit): Promise<DeviceRecord>;
  decommission(wanted: Removal): Promise<DeviceRecord>;
  replace(wanted: Removal & { readonly by: string }): Promise<DeviceRecord>;
  /** Takes the device out of the registry, with `data` also what is kept of it. */
  removeDevice(wanted: DeviceRemoval): Promise<DeviceRecord>;
  /** A group operation, with the credentials of what it decommissions. */
  operate(operation: Operation): Promise<OperationReport>;
  /** Ends the credentials of every decommissioned device. */
  settle(): Promise<void>;
}

export function deviceAccess({ registry, broker, forgetData, log }: DeviceAccessParts): DeviceAccess {
  const userOf = (id: string): string => {
    const user = mustFind(registry, id).user;
    if (user !== undefined) return user;
    throw new PortcullisError('COMMAND_INVALID', `The device "${id}" has no credentials of its own.`);
  };
  /** A user that other devices need too, such as a bridge's, goes with the last of them. */
  const isShared = (user: string, id: string): boolean => {
    for (const other of registry.devices()) {
      if (other.user === user && other.id !== id && other.lifeCycle !== 'DECOMMISSIONED') return true;
    }
    return false;
  };
  const unlink = async ({ id, user }: DeviceRecord): Promise<DeviceRecord> => {
    if (user !== undefined && !isShared(user, id) && broker.hasUser(user)) await broker.remove(user);
    return registry.linkUser({ id, user: undefined });
  };
  const ended = async (device: DeviceRecord): Promise<DeviceRecord> =>
    device.user === undefined ? device : unlink(device);

  return {
    async issue({ id, user = userNameFor(id), profile, password }) {
      const device = mustFind(registry, id);
      if (device.user !== undefined) {
        throw new PortcullisError('CONFLICT', `The device "${id}" has credentials already. Rotate or revoke them.`);
      }
      if (device.lifeCycle === 'DECOMMISSIONED') {
        throw new PortcullisError('COMMAND_INVALID', `The device "${id}" is decommissioned.`);
      }
      const issued = await broker.addCredential({ user, profile, ...(password !== undefined && { password }) });
      try {
        await registry.linkUser({ id, user });
      } catch (error) {
        await broker.remove(user);
        throw error;
      }
      return { user: issued.user, password: issued.password };
    },
    rotate: (id) => broker.rotate(userOf(id)),
    async revoke(id) {
      userOf(id);
      return unlink(mustFind(registry, id));
    },
    async editDevice({ user, ...edit }) {
      if (typeof user === 'string' && !broker.hasUser(user)) {
        throw new PortcullisError('NOT_FOUND', `There is no MQTT user "${user}".`);
      }
      return registry.editDevice({ ...edit, ...(user !== undefined && { user }) });
    },
    decommission: async (wanted) => ended(await registry.decommission(wanted)),
    async replace(wanted) {
      const successor = await registry.replace(wanted);
      await ended(mustFind(registry, wanted.id));
      return successor;
    },
    async removeDevice({ data, ...wanted }) {
      await ended(await registry.decommission(wanted));
      // The data first: a device that is still there can be removed again.
      if (data) await forgetData(wanted.id);
      return registry.removeDevice({ id: wanted.id });
    },
    async operate(operation) {
      const report = await registry.operate(operation);
      if (operation.do === 'decommission' && !operation.dryRun) {
        for (const id of report.changed) await ended(mustFind(registry, id));
      }
      return report;
    },
    async settle() {
      const left = [...registry.devices()].filter(
        (one) => one.lifeCycle === 'DECOMMISSIONED' && one.user !== undefined,
      );
      for (const device of left) {
        log.info({ device: device.id }, 'credentials of a decommissioned device are ended, as a crash had left them');
        await unlink(device);
      }
    },
  };
}

function mustFind(registry: Registry, id: string): DeviceRecord {
  const device = registry.find(id);
  if (device === undefined) throw new PortcullisError('NOT_FOUND', `There is no device "${id}".`);
  return device;
}
