import type { Profile } from './profiles.ts';
import { TopicRights } from './topic-rights.ts';

/** Client ids that a user from another broker is remembered with: a login may be shared, and clients make ids up. */
const maxLearnt = 64;

/** Who may connect, with which client ids. */
export interface BrokerDevice {
  readonly user: string;
  readonly profile: Profile;
  /** Of one that learns, those it came with last, the newest at the end. */
  clientIds: readonly string[];
  /** Came from another broker, where no client id was bound to a user: it comes with any that is nobody else's. */
  readonly learns: boolean;
}

/** The devices that may connect, by user and by client id, with what each may do. In memory only. */
export class DeviceBook<Device extends BrokerDevice> {
  readonly #devices = new Map<string, Device>();
  readonly #byClientId = new Map<string, Device>();
  readonly #rights = new Map<string, TopicRights>();
  readonly #roots: ReadonlySet<string>;
  /** Called when a user has come or gone. */
  changed: () => void = () => undefined;

  /** `roots`: the words that topics of many devices begin with. */
  constructor(roots: ReadonlySet<string>) {
    this.#roots = roots;
  }

  get(user: string): Device | undefined {
    return this.#devices.get(user);
  }

  all(): Iterable<Device> {
    return this.#devices.values();
  }

  /** A client id among these that is bound to a user; one that was only learnt gives way to a binding. */
  bound(clientIds: readonly string[]): string | undefined {
    return clientIds.find((id) => this.#byClientId.get(id)?.learns === false);
  }

  add(device: Device): void {
    this.#devices.set(device.user, device);
    for (const id of device.clientIds) this.#bind(id, device);
    this.changed();
  }

  remove(device: Device): void {
    this.#devices.delete(device.user);
    for (const id of device.clientIds) this.#unbind(id);
    this.changed();
  }

  owns(user: string, clientId: string): boolean {
    return this.#byClientId.get(clientId)?.user === user;
  }

  /** Whether the user may come with this client id from now on; of a learner the oldest is forgotten for it. */
  learn(user: string, clientId: string): boolean {
    const device = this.#devices.get(user);
    if (device?.learns !== true || clientId === '' || this.#byClientId.has(clientId)) return false;
    const kept = device.clientIds.slice(-(maxLearnt - 1));
    for (const id of device.clientIds) if (!kept.includes(id)) this.#unbind(id);
    device.clientIds = [...kept, clientId];
    this.#bind(clientId, device);
    return true;
  }

  /** What the device behind a client id may do, also while it is away. */
  rightsOf(clientId: string): TopicRights | undefined {
    const device = this.#byClientId.get(clientId);
    if (device === undefined) return undefined;
    let rights = this.#rights.get(clientId);
    if (rights === undefined) {
      rights = new TopicRights(device.profile, clientId, this.#roots, device.user);
      this.#rights.set(clientId, rights);
    }
    return rights;
  }

  /** What is bound wins over what was only learnt. */
  #bind(clientId: string, device: Device): void {
    const before = this.#byClientId.get(clientId);
    if (before !== undefined && before !== device) {
      const loser = before.learns ? before : device;
      loser.clientIds = loser.clientIds.filter((id) => id !== clientId);
      if (loser === device) return;
    }
    this.#rights.delete(clientId);
    this.#byClientId.set(clientId, device);
  }

  #unbind(clientId: string): void {
    this.#byClientId.delete(clientId);
    this.#rights.delete(clientId);
  }
}
