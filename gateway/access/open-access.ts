import { createHash, timingSafeEqual } from 'node:crypto';
import type { AccessDesk, Actor, Permission, Target } from '../../contracts/actor.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import { bearerOf, isFromThisMachine } from './asking.ts';
import { decide, type LocalTime, type Question } from './decide.ts';
import { rolePolicies, type Policy } from './policy.ts';

/** Where things are, as far as rights depend on it. */
export interface Whereabouts {
  /** Ids and paths of the place of a device and of all around it; nothing for an unknown device or one without a place. */
  placesOf(device: string): readonly string[];
  /** Ids and paths of a place and of all around it. */
  placesAround(place: string): readonly string[];
}

export interface AccessOptions {
  readonly adminToken: string;
  /** Beside those of the roles. */
  readonly policies: readonly Policy[];
}

export interface AccessDeps {
  readonly whereabouts: Whereabouts;
  /** Undefined while the clock is not set. */
  readonly localTime: () => LocalTime | undefined;
}

const administrator: Actor = {
  kind: 'token',
  id: 'admin-token',
  name: 'administrator token',
  role: 'administrator',
  areas: 'all',
};
const local: Actor = { kind: 'local', id: 'local', name: 'this machine', role: 'viewer', areas: 'all' };
const anonymous: Actor = { kind: 'anonymous', id: 'anonymous', name: 'anonymous', role: 'none', areas: [] };

/** Who asks and what they may. */
export function openAccess(options: AccessOptions, deps: AccessDeps): AccessDesk {
  const policies = [...rolePolicies, ...options.policies];
  const adminHash = hashOf(options.adminToken);

  const targetOf = (target: Target): Question['target'] => {
    if (target === 'everything') return {};
    if (target === 'some') return { some: true };
    if ('account' in target) return target;
    const { whereabouts } = deps;
    return {
      places: 'device' in target ? whereabouts.placesOf(target.device) : whereabouts.placesAround(target.place),
    };
  };
  const may = (actor: Actor, permission: Permission, target: Target): boolean =>
    decide(policies, { actor, permission, target: targetOf(target), time: deps.localTime }).allowed;

  return {
    async identify(asking) {
      const bearer = bearerOf(asking);
      if (bearer === undefined) return isFromThisMachine(asking) ? local : anonymous;
      if (timingSafeEqual(hashOf(bearer), adminHash)) return administrator;
      throw new PortcullisError('LOGIN_NEEDED', 'This token is not known here, or it is over.');
    },
    may,
    demand(actor, permission, target) {
      if (may(actor, permission, target)) return;
      if (actor.kind === 'anonymous' || actor.kind === 'local') {
        throw new PortcullisError(
          'LOGIN_NEEDED',
          'This call needs a login, or the administrator token of the data folder.',
        );
      }
      throw new PortcullisError('NOT_ALLOWED', `${actor.name} (${actor.role}) may not do this (${permission}).`);
    },
  };
}

/** Hashes have one length, so that the time of a comparison tells nothing. */
const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();
