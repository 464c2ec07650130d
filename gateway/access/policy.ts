import type { Permission, Role } from '../../contracts/actor.ts';

/** Hours of the site's wall time, on all days or some (0 is Sunday). `from` after `to` runs over midnight, counted by the day that it began. */
export interface Hours {
  readonly from: number;
  readonly to: number;
  readonly days?: readonly number[] | undefined;
}

/**
 * One rule of who may do what, as data. `allow` opens, `deny` closes again what another opened; what nothing opens is closed.
 * `where`: `anywhere`; `own`: where the actor's areas are; `self`: the actor's own account; or places by id or path.
 */
export interface Policy {
  readonly name: string;
  readonly effect: 'allow' | 'deny';
  readonly roles?: readonly (Role | 'none')[] | undefined;
  /** Names of accounts and tokens. */
  readonly who?: readonly string[] | undefined;
  readonly permissions: readonly Permission[];
  readonly where: 'anywhere' | 'own' | 'self' | readonly string[];
  readonly hours?: Hours | undefined;
}

const looking: readonly Permission[] = [
  'gateway.read',
  'site.read',
  'device.read',
  'history.read',
  'alarm.read',
  'rule.read',
  'flow.read',
];

const engineering: readonly Permission[] = [
  ...looking,
  'gateway.operate',
  'site.edit',
  'device.edit',
  'device.control',
  'credential.manage',
  'plugin.install',
  'message.publish',
  'alarm.handle',
  'alarm.raise',
  'rule.edit',
  'flow.edit',
];

/** What each role may do. Whoever is confined to areas has no more than what lies in them. */
export const rolePolicies: readonly Policy[] = [
  {
    name: 'administrators do everything',
    effect: 'allow',
    roles: ['administrator'],
    permissions: [...engineering, 'account.read', 'account.manage', 'audit.read', 'passport.handle'],
    where: 'own',
  },
  {
    name: 'engineers install and register',
    effect: 'allow',
    roles: ['engineer'],
    permissions: engineering,
    where: 'own',
  },
  {
    name: 'residents see and control what is theirs',
    effect: 'allow',
    roles: ['resident'],
    permissions: ['site.read', 'device.read', 'device.control', 'history.read', 'alarm.read'],
    where: 'own',
  },
  { name: 'viewers look', effect: 'allow', roles: ['viewer'], permissions: looking, where: 'own' },
  {
    name: 'machines publish, read and control',
    effect: 'allow',
    roles: ['machine'],
    permissions: ['device.read', 'device.control', 'history.read', 'message.publish', 'alarm.read', 'alarm.raise'],
    where: 'own',
  },
  {
    name: 'everybody minds their own account',
    effect: 'allow',
    roles: ['administrator', 'engineer', 'resident', 'viewer', 'machine'],
    permissions: ['self'],
    where: 'self',
  },
];
