import type { Actor, Permission } from '../../contracts/actor.ts';
import type { Hours, Policy } from './policy.ts';

/** Wall time of the site. */
export interface LocalTime {
  /** 0 is Sunday. */
  readonly day: number;
  readonly minute: number;
}

/**
 * What is decided about. `places` are the ids and paths of the place of the target and of all around it; without them the
 * target is in no place. `some`: the answer will be confined to what the actor may see. Time is unknown while the clock is not set.
 */
export interface Question {
  readonly actor: Actor;
  readonly permission: Permission;
  readonly target: {
    readonly places?: readonly string[];
    readonly account?: string;
    readonly some?: true;
  };
  /** Asked only where a policy has hours. */
  readonly time: () => LocalTime | undefined;
}

export interface Ruling {
  readonly allowed: boolean;
  /** The policy that settled it; none when nothing opens what was asked. */
  readonly by: string | undefined;
}

/** The one function that decides: allowed is what a policy opens and none closes. Of an unknown time the closed side is taken. */
export function decide(policies: readonly Policy[], question: Question): Ruling {
  const closing = policies.find((policy) => policy.effect === 'deny' && fits(policy, question));
  if (closing !== undefined) return { allowed: false, by: closing.name };
  const opening = policies.find((policy) => policy.effect === 'allow' && fits(policy, question));
  return { allowed: opening !== undefined, by: opening?.name };
}

function fits(policy: Policy, { actor, permission, target, time }: Question): boolean {
  const { effect, roles, who, permissions, hours } = policy;
  if (!permissions.includes(permission)) return false;
  if (roles !== undefined && !roles.includes(actor.role)) return false;
  if (who !== undefined && !who.includes(actor.name)) return false;
  if (hours !== undefined && !holds(hours, time(), effect)) return false;
  return effect === 'deny' ? closesAt(policy, actor, target) : opensAt(policy, actor, target);
}

/** Also a policy of its own places never leads out of the areas that the actor is confined to. */
function opensAt({ where }: Policy, actor: Actor, target: Question['target']): boolean {
  if (where === 'self') return actor.kind !== 'local' && (target.account === undefined || target.account === actor.id);
  if (target.some) return true;
  if (actor.areas !== 'all' && !areIn(actor.areas, target.places)) return false;
  return typeof where === 'string' || areIn(where, target.places);
}

/** For a list only what closes everything counts: its entries are asked about one by one. */
function closesAt({ where }: Policy, actor: Actor, target: Question['target']): boolean {
  if (where === 'anywhere') return true;
  if (target.some) return false;
  if (where === 'self') return target.account === actor.id;
  if (where === 'own') return actor.areas === 'all' || areIn(actor.areas, target.places);
  return areIn(where, target.places);
}

const areIn = (areas: readonly string[], places: readonly string[] = []): boolean =>
  places.some((place) => areas.includes(place));

const holds = (hours: Hours, time: LocalTime | undefined, effect: Policy['effect']): boolean =>
  time === undefined ? effect === 'deny' : isWithin(hours, time);

function isWithin({ from, to, days }: Hours, { day, minute }: LocalTime): boolean {
  const on = (which: number): boolean => days === undefined || days.includes(which);
  if (from <= to) return on(day) && minute >= from && minute < to;
  return (on(day) && minute >= from) || (on((day + 6) % 7) && minute < to);
}
