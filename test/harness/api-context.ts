import { Readable } from 'node:stream';
import type { Actor } from '../../contracts/actor.ts';
import type { Context } from '../../gateway/api/route.ts';

const administrator: Actor = {
  kind: 'token',
  id: 'admin-token',
  name: 'administrator token',
  role: 'administrator',
  areas: 'all',
};

/** A call by somebody who may do everything. */
export const asAdministrator: Context = {
  caller: {
    actor: administrator,
    asking: { method: 'GET', action: '', path: '', headers: {}, address: '', isTls: false },
  },
  actor: administrator,
  may: () => true,
  mayStill: async () => true,
  body: Readable.from([]),
  header: () => undefined,
};
