import type { AedesOptions, Client } from 'aedes';
import { PortcullisError } from '../../../contracts/errors.ts';
import { tell } from '../../observability/channels.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Connection, Identity } from './connection.ts';
import type { Credentials } from './credentials.ts';
import type { DeviceWindow } from './device-window.ts';
import { LoginLimits } from '../../lib/login-limits.ts';
import type { TopicRights } from './topic-rights.ts';

interface Parts {
  readonly credentials: Credentials;
  readonly clock: Clock;
  /** Rights of clients without a user name; undefined refuses them. */
  readonly openRights: TopicRights | undefined;
  readonly connectionOf: (client: Client) => Connection | undefined;
  /** Where unknown devices wait while a person looks. */
  readonly window: Pick<DeviceWindow, 'knock'>;
}

type Done = Parameters<NonNullable<AedesOptions['authenticate']>>[3];

/** CONNACK return codes (section 3.2.2.3). */
const serverUnavailable = 3;
const notAuthorized = 5;

/**
 * Aedes' `preConnect` and `authenticate`: refuses by default, binds the client id to the credential, checks the will
 * against the rights, and slows guessing down. The client is told no more than "not authorized".
 */
export class LoginGate {
  readonly #parts: Parts;
  readonly #limits = new LoginLimits();
  readonly #wills = new WeakMap<Client, string>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  readonly preConnect: NonNullable<AedesOptions['preConnect']> = (client, packet, done) => {
    if (packet.will !== undefined) this.#wills.set(client, packet.will.topic);
    done(null, true);
  };

  readonly authenticate: NonNullable<AedesOptions['authenticate']> = (client, username, password, done) => {
    void this.#answer(client, username, password, done);
  };

  /** Whether the credential behind a login is still valid. */
  readonly stands = ({ user, credentialId }: Identity): boolean =>
    user === '' || this.#parts.credentials.isValid(user, credentialId);

  async #answer(client: Client, user: string | undefined, password: Uint8Array | undefined, done: Done): Promise<void> {
    let refused: ReturnType<typeof refusal> | null = null;
    try {
      const identity = await this.#identify(client, user, password);
      const connection = this.#parts.connectionOf(client);
      if (connection !== undefined) connection.identity = identity;
    } catch (error) {
      const isBusy = error instanceof PortcullisError && error.code === 'OVERLOADED';
      refused = refusal(isBusy ? serverUnavailable : notAuthorized, error);
    }
    done(refused, refused === null);
  }

  async #identify(client: Client, user = '', password?: Uint8Array): Promise<Identity> {
    const { openRights } = this.#parts;
    if (user === '' && password === undefined && openRights !== undefined) {
      // An id that belongs to a device needs that device's password, also beside anonymous clients.
      if (this.#parts.credentials.rightsOf(client.id) !== undefined) throw denied('client-id-taken');
      return this.#withWill(client, { user: '', credentialId: '', rights: openRights });
    }
    const address = this.#parts.connectionOf(client)?.address ?? '';
    const credentialId = await this.#verify(client, address, user, password);
    if (!(await this.#parts.credentials.claims(user, client.id))) throw denied('client-id-not-bound');
    const rights = this.#parts.credentials.rightsOf(client.id);
    if (rights === undefined) throw denied('login-failed');
    return this.#withWill(client, { user, credentialId, rights });
  }

  async #verify(client: Client, address: string, user: string, password: Uint8Array | undefined): Promise<string> {
    const { credentials, clock } = this.#parts;
    const refuseLocked = (): void => {
      if (this.#limits.isLocked(address, user, clock.monoMs())) throw denied('login-locked');
    };
    const refuseWrong = (): never => {
      if (this.#knocks(client, address, user, password)) throw denied('waits-at-window');
      this.#limits.failed(address, user, clock.monoMs());
      throw denied('login-failed');
    };
    refuseLocked();
    if (user === '' || password === undefined) return refuseWrong();
    const credentialId = await credentials.verify(user, password, {
      before: refuseLocked,
      after: (isRight) => {
        // The one that was checked beside it may have been the last that this user had.
        refuseLocked();
        if (!isRight) refuseWrong();
      },
    });
    if (credentialId === undefined) throw denied('login-failed');
    this.#limits.succeeded(address, user);
    return credentialId;
  }

  /** Of a name that nobody has, while the window is open; a wrong password of a known name stays a failure. */
  #knocks(client: Client, address: string, user: string, password: Uint8Array | undefined): boolean {
    const { credentials, window } = this.#parts;
    if (password === undefined || credentials.has(user)) return false;
    const text = Buffer.from(password).toString();
    return window.knock({ user, clientId: client.id, address, password: text, will: this.#wills.get(client) });
  }

  #withWill(client: Client, identity: Identity): Identity {
    const topic = this.#wills.get(client);
    if (topic !== undefined && !identity.rights.mayPublish(topic)) throw denied('will-denied');
    return identity;
  }
}

function denied(reason: string): PortcullisError {
  tell('rejected', { stage: 'mqtt', reason, count: 1 });
  return new PortcullisError('NOT_ALLOWED', `The broker refused a connection: ${reason}.`);
}

function refusal(returnCode: 3 | 5, cause: unknown) {
  return Object.assign(new Error('The broker refused a connection.', { cause }), { returnCode });
}
