import type { IncomingMessage } from 'node:http';
import type { AccessDesk, Actor, Asking, Caller, Permission } from '../../contracts/actor.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Mount, Visitor } from './serve-mount.ts';

/** Who may come in at a mount, and what for. */
export interface MountDoor {
  /** Who comes, if they may look. Rejects as the login does. */
  admit(request: IncomingMessage): Promise<Caller>;
  visitorOf(caller: Caller): Visitor;
  /** Whether the caller may still look, with the rights that the visitor came in with. */
  isStill(visitor: Visitor, caller: Caller): Promise<boolean>;
}

export function mountDoor(mount: Mount, access: AccessDesk): MountDoor {
  const { see, edit } = mount.needs;
  // Whoever happens to sit at the machine has not logged in.
  const neededOf = ({ kind }: Actor): Permission => (kind === 'local' ? edit : see);
  const mayEdit = (actor: Actor): boolean => access.may(actor, edit, 'everything');
  return {
    async admit(request) {
      const caller = await access.identify(askingOf(request, mount), false);
      access.demand(caller, neededOf(caller.actor), 'everything');
      return caller;
    },
    visitorOf: ({ actor }) => ({ name: actor.name, mayEdit: mayEdit(actor) }),
    async isStill(visitor, { asking }) {
      const { actor } = await access.identify(asking, false);
      return access.may(actor, neededOf(actor), 'everything') && mayEdit(actor) === visitor.mayEdit;
    },
  };
}

/** Who it is, is asked as for a page: the token against other sites' pages is the console's, and the origin stands for it here. */
function askingOf({ method, headers, socket, url = '' }: IncomingMessage, mount: Mount): Asking {
  return {
    method: 'GET',
    action: `${method} ${mount.path}`,
    path: url.split('?')[0] ?? url,
    headers,
    address: socket.remoteAddress ?? '',
    isTls: 'encrypted' in socket,
  };
}

/** Refuses what another site's page sends with our cookie. Browsers send an origin with each change; a program with a token need not. */
export function refuseStrangers({ headers }: IncomingMessage): void {
  const { origin, host, authorization } = headers;
  if (origin === undefined ? authorization !== undefined : hostIn(origin) === host) return;
  throw new PortcullisError('NOT_ALLOWED', 'This page may not change anything here: it comes from another site.');
}

function hostIn(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
