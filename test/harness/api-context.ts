import { Readable } from 'node:stream';
import type { Context } from '../../gateway/api/route.ts';

/** A call by somebody who may do everything. */
export const asAdministrator: Context = {
  actor: { kind: 'token', id: 'admin-token', name: 'administrator token', role: 'administrator', areas: 'all' },
  may: () => true,
  body: Readable.from([]),
};
