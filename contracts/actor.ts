/** From the most to the least. `resident`: who lives or works there. `none`: who did not say who they are. */
export const roles = ['administrator', 'engineer', 'resident', 'viewer', 'machine'] as const;
export type Role = (typeof roles)[number];

/** What can be asked of the gateway; each call of the API needs one of them. `docs/access.md` says which role has which. */
export const permissions = [
  'gateway.read',
  'gateway.operate',
  'site.read',
  'site.edit',
  'device.read',
  'device.edit',
  'device.control',
  'credential.manage',
  'plugin.install',
  'history.read',
  'message.publish',
  'alarm.read',
  'alarm.handle',
  'alarm.raise',
  'rule.read',
  'rule.edit',
  'flow.read',
  'flow.edit',
  'account.read',
  'account.manage',
  'passport.handle',
  'audit.read',
  'self',
] as const;
export type Permission = (typeof permissions)[number];

/**
 * Who asks. `person`: an account or somebody whom the identity provider vouches for; `token`: a program; `local`: whoever
 * reads on the gateway's own machine while there is no account; `anonymous`: nobody known. `areas` are the places (ids or
 * paths) that an actor is confined to, with everything in them.
 */
export interface Actor {
  readonly kind: 'person' | 'token' | 'local' | 'anonymous';
  readonly id: string;
  readonly name: string;
  readonly role: Role | 'none';
  readonly areas: 'all' | readonly string[];
}

/** What a permission is asked for: one device, one place, an account (by its id), something that is in no place, or at least some of a list. */
export type Target =
  | { readonly device: string }
  | { readonly place: string }
  | { readonly account: string }
  | 'everything'
  | 'some';

/** What is known of a request before it is read. `address` is the far end of the connection, `action` the call, such as `POST /api/v1/places`. */
export interface Asking {
  readonly method: string;
  readonly action: string;
  /** The path that was called, without its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly address: string;
  readonly isTls: boolean;
}

/** Somebody who asks for something. */
export interface Caller {
  readonly actor: Actor;
  readonly asking: Asking;
}

/** The one place that says who may do what, and keeps what it said. */
export interface AccessDesk {
  /**
   * Who asks. Rejects with LOGIN_NEEDED for credentials that are wrong or over, NOT_ALLOWED for a change that another site's page has sent.
   * `isLenient` is for calls that need no login: whoever has none that is good is anonymous.
   */
  identify(asking: Asking, isLenient: boolean): Promise<Caller>;
  readonly may: (actor: Actor, permission: Permission, target: Target) => boolean;
  /** Throws LOGIN_NEEDED for somebody unknown, NOT_ALLOWED for somebody known. */
  demand(caller: Caller, permission: Permission, target: Target): void;
  /** Resolves when it is on disk that the caller will change something; say afterwards how it ended. */
  begin(caller: Caller, permission: Permission | 'nothing', target: Target): Promise<EndOfChange>;
}

export type EndOfChange = (outcome: 'done' | 'failed', code?: string) => void;
