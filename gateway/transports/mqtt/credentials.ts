import { randomUUID } from 'node:crypto';
import { PortcullisError } from '../../../contracts/errors.ts';
import type { SqlRow, TableStore, Write } from '../../../contracts/table-set.ts';
import { readForeignHash } from '../../lib/foreign-hash.ts';
import { DeviceBook, type BrokerDevice } from './device-book.ts';
import {
  hashPassword,
  newPassword,
  noHash,
  passwordTrials,
  type Credential,
  type TryGuard,
} from './device-passwords.ts';
import type { Profile } from './profiles.ts';
import { hasOwnRoot, isWide, rootsOf, TopicRights } from './topic-rights.ts';

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

/** A user as another broker had it. */
export interface TakenUser {
  readonly user: string;
  /** The name of a profile, or what the other broker let it do, with `%c` for its client id. */
  readonly rights: string | { readonly publish: readonly string[]; readonly subscribe: readonly string[] };
  /** The hash of its password as the other broker wrote it; without one a password is made. */
  readonly hash?: string;
}

export interface DeviceSummary {
  readonly user: string;
  readonly profile: string;
  readonly clientIds: readonly string[];
  readonly credentialIds: readonly string[];
}

interface Device extends BrokerDevice {
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
  readonly #roots: ReadonlySet<string>;
  readonly #devices: DeviceBook<Device>;
  readonly #credentialOf = passwordTrials();
  /** Users whose profile the configuration does not name any more. */
  readonly withoutProfile: string[] = [];
  #seq = 0;

  private constructor(store: TableStore, profiles: ReadonlyMap<string, Profile>) {
    this.#store = store;
    this.#profiles = profiles;
    this.#roots = rootsOf(profiles.values());
    this.#devices = new DeviceBook(this.#roots);
  }

  /** A device whose profile is gone stays stored and may not connect. */
  static async open(store: TableStore, profiles: ReadonlyMap<string, Profile>): Promise<Credentials> {
    const credentials = new Credentials(store, profiles);
    for (const row of await store.read('mqtt.readDevices', [])) credentials.#loadDevice(row);
    for (const row of await store.read('mqtt.readCredentials', [])) credentials.#loadCredential(row);
    return credentials;
  }

  list(): DeviceSummary[] {
    return [...this.#devices.all()].map(({ user, profile, clientIds, credentials }) => ({
      user,
      profile: profile.name,
      clientIds,
      credentialIds: credentials.map(({ id }) => id),
    }));
  }

  has(user: string): boolean {
    return this.#devices.get(user) !== undefined;
  }

  /** Whether a profile, or the one that a user has, opens topics of other devices. Throws NOT_FOUND for what there is not. */
  isWide(of: { readonly profile: string } | { readonly user: string }): boolean {
    return isWide('user' in of ? this.#find(of.user).profile : this.#profileNamed(of.profile));
  }

  async add({ user, profile, clientIds = [user], password = newPassword() }: NewDevice): Promise<IssuedCredential> {
    const rights = this.#profileNamed(profile);
    if (user === '') throw new PortcullisError('COMMAND_INVALID', 'An MQTT user needs a name.');
    if (this.has(user)) {
      throw new PortcullisError(
        'CONFLICT',
        `The MQTT user "${user}" exists already. Rotate its password to get another one.`,
      );
    }
    const taken = this.#devices.bound(clientIds);
    if (taken !== undefined) {
      throw new PortcullisError('CONFLICT', `The MQTT client id "${taken}" belongs to another user.`);
    }
    const root = clientIds.find((id) => this.#roots.has(id));
    if (root !== undefined && hasOwnRoot(rights)) {
      const why = `Topics of many devices begin with "${root}"`;
      throw new PortcullisError('COMMAND_INVALID', `${why}: with the profile ${profile} it cannot be a client id.`);
    }
    const device: Device = { user, profile: rights, clientIds, learns: false, credentials: [] };
    this.#devices.add(device);
    try {
      const params = [user, profile, JSON.stringify(clientIds), null, 0];
      await this.#store.write([{ statement: 'mqtt.putDevice', params }]);
      return await this.#issue(device, password);
    } catch (error) {
      this.#devices.remove(device);
      throw error;
    }
  }

  /**
   * Takes over users that are not here yet, all of them or none; says the passwords that had to be made, the only time that they are
   * known. Each comes with whatever client id is nobody else's, as it did at the other broker.
   */
  async takeOver(users: readonly TakenUser[]): Promise<IssuedCredential[]> {
    const made: IssuedCredential[] = [];
    const writes: Write[] = [];
    const devices: Device[] = [];
    for (const { user, rights, hash } of users) {
      if (this.has(user)) continue;
      const profile = this.#profileFrom(rights);
      const foreign = hash === undefined ? undefined : readForeignHash(hash);
      const password = foreign === undefined ? newPassword() : undefined;
      const { salt, hash: own } = password === undefined ? noHash : await hashPassword(password);
      const id = randomUUID();
      const ownRights = typeof rights === 'string' ? null : JSON.stringify(rights);
      writes.push(
        { statement: 'mqtt.putDevice', params: [user, profile.name, '[]', ownRights, 1] },
        {
          statement: 'mqtt.addCredential',
          params: [id, user, salt, own, ++this.#seq, foreign ? (hash ?? null) : null],
        },
      );
      const credential = { id, salt, hash: own, foreign, seen: undefined };
      devices.push({ user, profile, clientIds: [], learns: true, credentials: [credential] });
      if (password !== undefined) made.push({ user, credentialId: id, password });
    }
    if (writes.length > 0) await this.#store.write(writes);
    for (const device of devices) this.#devices.add(device);
    return made;
  }

  /** Whether a user may come with this client id; one that was taken over may with any that is nobody else's. */
  async claims(user: string, clientId: string): Promise<boolean> {
    if (this.#devices.owns(user, clientId)) return true;
    if (!this.#devices.learn(user, clientId)) return false;
    const clientIds = JSON.stringify(this.clientIdsOf(user));
    await this.#store.write([{ statement: 'mqtt.putClientIds', params: [clientIds, user] }]);
    return true;
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
    this.#devices.remove(device);
    await this.#store.write([
      { statement: 'mqtt.deleteCredentials', params: [user] },
      { statement: 'mqtt.deleteDevice', params: [user] },
    ]);
  }

  /** The id of the credential that the password belongs to. An unknown user costs the same time as a known one. */
  async verify(user: string, password: Uint8Array, guard: TryGuard): Promise<string | undefined> {
    const device = this.#devices.get(user);
    const credential = await this.#credentialOf(password, device?.credentials, guard);
    if (credential?.foreign !== undefined) await this.#hashAnew(password, credential);
    // Revoked while its password was checked.
    if (credential === undefined || !device?.credentials.includes(credential)) return undefined;
    return credential.id;
  }

  /** Whether a credential that was verified is still one of the user's. */
  isValid(user: string, credentialId: string): boolean {
    return this.#devices.get(user)?.credentials.some(({ id }) => id === credentialId) ?? false;
  }

  /** Tells, now and after each change, who is a user. */
  follow(listener: (isUser: (user: string) => boolean) => void): void {
    const tellIt = (): void => listener((user) => this.has(user));
    this.#devices.changed = tellIt;
    tellIt();
  }

  /** Whether a topic is for a user, whichever of its client ids it comes with. */
  mayReceive(user: string, topic: string): boolean {
    return this.clientIdsOf(user).some((id) => this.#devices.rightsOf(id)?.mayReceive(topic) === true);
  }

  /** Whether a topic could be for a device of a plugin: a word of it would be the client id. */
  isTopicOf(plugin: string, topic: string): boolean {
    const profiles = [...this.#profiles.values()].filter((profile) => profile.plugin === plugin);
    const words = topic.split('/');
    return profiles.some((profile) =>
      words.some((word) => new TopicRights(profile, word, this.#roots).mayReceive(topic)),
    );
  }

  /** What the device behind a client id may do, also while it is away. */
  rightsOf(clientId: string): TopicRights | undefined {
    return this.#devices.rightsOf(clientId);
  }

  clientIdsOf(user: string): readonly string[] {
    return this.#devices.get(user)?.clientIds ?? [];
  }

  async #issue(device: Device, password: string): Promise<IssuedCredential> {
    const { salt, hash } = await hashPassword(password);
    const id = randomUUID();
    const params = [id, device.user, salt, hash, ++this.#seq, null];
    await this.#store.write([{ statement: 'mqtt.addCredential', params }]);
    device.credentials.push({ id, salt, hash, seen: undefined });
    return { user: device.user, credentialId: id, password };
  }

  #find(user: string): Device {
    const device = this.#devices.get(user);
    if (device === undefined) throw new PortcullisError('NOT_FOUND', `There is no MQTT user "${user}".`);
    return device;
  }

  /** A password behind another broker's hash is hashed as ours as soon as it is known. */
  async #hashAnew(password: Uint8Array, credential: Credential): Promise<void> {
    const { salt, hash } = await hashPassword(password);
    await this.#store.write([{ statement: 'mqtt.hashAnew', params: [salt, hash, credential.id] }]);
    Object.assign(credential, { salt, hash, foreign: undefined });
  }

  #profileFrom(rights: TakenUser['rights']): Profile {
    if (typeof rights !== 'string') return { name: 'taken-over', ...rights, retain: true };
    return this.#profileNamed(rights);
  }

  #profileNamed(name: string): Profile {
    const profile = this.#profiles.get(name);
    if (profile !== undefined) return profile;
    const known = [...this.#profiles.keys()].join(', ');
    throw new PortcullisError('NOT_FOUND', `There is no device profile "${name}"; there are: ${known}.`);
  }

  #loadDevice(row: SqlRow): void {
    const rights = row['rights'] === null ? undefined : (JSON.parse(String(row['rights'])) as TakenUser['rights']);
    const profile = rights === undefined ? this.#profiles.get(String(row['profile'])) : this.#profileFrom(rights);
    if (profile === undefined) {
      this.withoutProfile.push(String(row['user']));
      return;
    }
    const clientIds = JSON.parse(String(row['client_ids'])) as string[];
    this.#devices.add({ user: String(row['user']), profile, clientIds, learns: row['learns'] === 1, credentials: [] });
  }

  #loadCredential(row: SqlRow): void {
    this.#seq = Math.max(this.#seq, Number(row['seq']));
    this.#devices.get(String(row['user']))?.credentials.push({
      id: String(row['id']),
      salt: row['salt'] as Uint8Array,
      hash: row['hash'] as Uint8Array,
      foreign: row['foreign_hash'] === null ? undefined : readForeignHash(String(row['foreign_hash'])),
      seen: undefined,
    });
  }
}
