import { personRoles } from '../../contracts/access.ts';
import { roles, type Actor, type Role } from '../../contracts/actor.ts';
import { PortcullisError } from '../../contracts/errors.ts';

/** How claims become rights. */
export interface ClaimRules {
  readonly scope: string;
  /** The claim that people are called by. */
  readonly nameClaim: string;
  /** The claim with the groups or roles of the provider; a dot leads into an object. */
  readonly roleClaim: string;
  /** Value of that claim to role here; the first role of our list that fits wins. Whoever has none of them may not come in. */
  readonly roleMap: Readonly<Record<string, Role>>;
}

type Claims = Readonly<Record<string, unknown>>;

/** Who the claims speak for. Throws NOT_ALLOWED when none of them is a role here. */
export function actorOf(kind: 'person' | 'token', claims: Claims, rules: ClaimRules): Actor {
  const given = valuesAt(claims, rules.roleClaim);
  const role = (kind === 'person' ? personRoles : roles).find((one) =>
    given.some((value) => Object.hasOwn(rules.roleMap, value) && rules.roleMap[value] === one),
  );
  const [subject] = valuesAt(claims, 'sub');
  if (role === undefined || subject === undefined) {
    throw new PortcullisError(
      'NOT_ALLOWED',
      'The identity provider knows you, and gives you no role that opens this gateway.',
    );
  }
  const name = (valuesAt(claims, rules.nameClaim)[0] ?? subject).replaceAll(/\p{C}/gu, '').slice(0, 64);
  return { kind, id: `provider:${subject}`.slice(0, 256), name, role, areas: role === 'resident' ? [] : 'all' };
}

function valuesAt(claims: Claims, path: string): string[] {
  let at: unknown = Object.hasOwn(claims, path) ? claims[path] : undefined;
  if (at === undefined) {
    at = claims;
    for (const key of path.split('.')) {
      at = typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? (at as Claims)[key] : undefined;
    }
  }
  return (Array.isArray(at) ? at : [at]).filter((one): one is string => typeof one === 'string');
}
