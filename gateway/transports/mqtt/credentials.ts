import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { PortcullisError } from '../../../contracts/errors.ts';
import type { SqlRow, TableStore } from '../../../contracts/table-set.ts';
import { PasswordHasher, type PasswordHash } from '../../lib/password-hash.ts';
import type { Profile } from './profiles.ts';
import { TopicRights } from './topic-rights.ts';

/** Of all brokers in this process: it is about its memory. */
const hasher = new PasswordHasher({ atOnce: 2, maxWaiting: 256 });

/** A new device. The client id is the user name unless others are listed. */
export interface NewDevice {
  readonly user: string;
  readonly profile: string;
  readonly clientIds?: readonly string[];
  /** Left out: one is made. */
  readonly password?: string;
}

/** A credential at its birth, the only time that its password is known. */
export interface IssuedCredential {
  readonly user: string;
  readonly credentialId: string;
  readonly password: string;
}

export interface DeviceSummary {
  readonly user: string;
  readonly profile: string;
  readonly clientIds: readonly string[];
  readonly credentialIds: readonly string[];
}

interface Credential extends PasswordHash {
  readonly id: string;
  /** Keyed digest of the password once it was verified, so that a reconnect storm costs no hashes. */
  seen: Buffer | undefined;
}

interface Device {
  readonly user: string;
  readonly profile: Profile;
  readonly clientIds: readonly string[];
  readonly credentials: Credential[];
}

/** During a rotation the old password works beside the new one. */
const maxCredentials = 2;

/**
 * The devices that may connect, kept in memory and in the `mqtt` tables. Passwords are stored as Argon2id hashes only.
 */
export class Credentials {
  readonly #store: TableStore;
  readonly #profiles: ReadonlyMap<string, Profile>;
  readonly #devices = new Map<string, Device>();
  readonly #byClientId = new Map<string, Device>();
  readonly #rights = new Map<string, TopicRights>();
  readonly #key = randomBytes(32);
  #seq = 0;

  private constructor(store: TableStore, profiles: ReadonlyMap<string, Profile>) {
    this.#store = store;
    this.#profiles = profiles;
  }

  /** A device whose profile is gone stays stored and may not connect. */
  static async open(store: TableStore, profiles: ReadonlyMap<string, Profile>): Promise<Credentials> {
    const credentials = new Credentials(store, profiles);
    for (const row of await store.read('mqtt.readDevices', [])) credentials.#loadDevice(row);
    for (const row of await store.read('mqtt.readCredentials', [])) credentials.#loadCredential(row);
    return credentials;
  }

  list(): DeviceSummary[] {
    return [...this.#devices.values()].map(({ user, profile, clientIds, credentials }) => ({
      user,
      profile: profile.name,
      clientIds,
      credentialIds: credentials.map(({ id }) => id),
    }));
  }

  has(user: string): boolean {
    return this.#devices.has(user);
  }

  async add({ user, profile, clientIds = [user], password = newPassword() }: NewDevice): Promise<IssuedCredential> {
    const known = this.#profiles.get(profile);
    if (known === undefined) throw new PortcullisError('CONFIG_INVALID', `There is no device profile "${profile}".`);
    if (user === '' || this.#devices.has(user)) {
      throw new PortcullisError('CONFIG_INVALID', `The MQTT user "${user}" exists already or has no name.`);
    }
    const taken = clientIds.find((id) => this.#byClientId.has(id));
    if (taken !== undefined) {
      throw new PortcullisError('CONFIG_INVALID', `The MQTT client id "${taken}" belongs to another user.`);
    }
    const device: Device = { user, profile: known, clientIds, credentials: [] };
    this.#index(device);
    try {
      await this.#store.write([{ statement: 'mqtt.putDevice', params: [user, profile, JSON.stringify(clientIds)] }]);
      return await this.#issue(device, password);
    } catch (error) {
      this.#forget(device);
      throw error;
    }
  }

  /** Adds a second valid credential; of two the older one ends, and its id is returned. */
  async rotate(user: string, password = newPassword()): Promise<IssuedCredential & { ended: readonly string[] }> {
    const device = this.#find(user);
    const issued = await this.#issue(device, password);
    const ended = device.credentials.slice(0, -maxCredentials).map(({ id }) => id);
    for (const id of ended) await this.revoke(user, id);
    return { ...issued, ended };
  }

  /** Ends one credential, or the device with all of them. */
  async revoke(user: string, credentialId?: string): Promise<void> {
    const device = this.#find(user);
    if (credentialId !== undefined) {
      const index = device.credentials.findIndex(({ id }) => id === credentialId);
      if (index >= 0) device.credentials.splice(index, 1);
      await this.#store.write([{ statement: 'mqtt.deleteCredential', params: [credentialId] }]);
      return;
    }
    this.#forget(device);
    await this.#store.write([
      { statement: 'mqtt.deleteCredentials', params: [user] },
      { statement: 'mqtt.deleteDevice', params: [user] },
    ]);
  }

  /** The id of the credential that the password belongs to. An unknown user costs the same time as a known one. */
  async verify(user: string, password: Uint8Array): Promise<string | undefined> {
    const device = this.#devices.get(user);
    const digest = createHmac('sha256', this.#key).update(password).digest();
    const cached = device?.credentials.find(({ seen }) => seen !== undefined && timingSafeEqual(seen, digest));
    if (cached !== undefined) return cached.id;
    for (const credential of device?.credentials.toReversed() ?? [decoy]) {
      if (!(await hasher.verify(password, credential)) || credential === decoy) continue;
      // Revoked while its password was checked.
      if (!device?.credentials.includes(credential)) continue;
      credential.seen = digest;
      return credential.id;
    }
    return undefined;
  }

  owns(user: string, clientId: string): boolean {
    return this.#byClientId.get(clientId)?.user === user;
  }

  /** What the device behind a client id may do, also while it is away. */
  rightsOf(clientId: string): TopicRights | undefined {
    const device = this.#byClientId.get(clientId);
    if (device === undefined) return undefined;
    let rights = this.#rights.get(clientId);
    if (rights === undefined) this.#rights.set(clientId, (rights = new TopicRights(device.profile, clientId)));
    return rights;
  }

  clientIdsOf(user: string): readonly string[] {
    return this.#devices.get(user)?.clientIds ?? [];
  }

  async #issue(device: Device, password: string): Promise<IssuedCredential> {
    const { salt, hash } = await hasher.hash(password);
    const id = randomUUID();
    const params = [id, device.user, salt, hash, ++this.#seq];
    await this.#store.write([{ statement: 'mqtt.addCredential', params }]);
    device.credentials.push({ id, salt, hash, seen: undefined });
    return { user: device.user, credentialId: id, password };
  }

  #find(user: string): Device {
    const device = this.#devices.get(user);
    if (device === undefined) throw new PortcullisError('CONFIG_INVALID', `There is no MQTT user "${user}".`);
    return device;
  }

  #index(device: Device): void {
    this.#devices.set(device.user, device);
    for (const id of device.clientIds) this.#byClientId.set(id, device);
  }

  #forget(device: Device): void {
    this.#devices.delete(device.user);
    for (const id of device.clientIds) {
      this.#byClientId.delete(id);
      this.#rights.delete(id);
    }
  }

  #loadDevice(row: SqlRow): void {
    const profile = this.#profiles.get(String(row['profile']));
    if (profile === undefined) return;
    const clientIds = JSON.parse(String(row['client_ids'])) as string[];
    this.#index({ user: String(row['user']), profile, clientIds, credentials: [] });
  }

  #loadCredential(row: SqlRow): void {
    this.#seq = Math.max(this.#seq, Number(row['seq']));
    this.#devices.get(String(row['user']))?.credentials.push({
      id: String(row['id']),
      salt: row['salt'] as Uint8Array,
      hash: row['hash'] as Uint8Array,
      seen: undefined,
    });
  }
}

/** Checked in place of an unknown user's credential. */
const decoy: Credential = { id: '', salt: new Uint8Array(16), hash: new Uint8Array(32), seen: undefined };

/** 144 bits, easy to type nowhere and to paste everywhere. */
function newPassword(): string {
  return randomBytes(18).toString('base64url');
}
