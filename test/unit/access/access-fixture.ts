import type { TestContext } from 'node:test';
import { pino } from 'pino';
import type { Actor, Asking } from '../../../contracts/actor.ts';
import type { TableStore } from '../../../contracts/table-set.ts';
import { openAccess, type Access } from '../../../gateway/access/open-access.ts';
import { accessTables } from '../../../gateway/access/tables.ts';
import { apiTables } from '../../../gateway/api/tables.ts';
import { openTableStore } from '../../harness/table-store.ts';

export interface AccessRig {
  readonly access: Access;
  readonly store: TableStore & { readonly file: string };
  /** Both of its times. */
  readonly clock: { now: number; wallMs(): number; monoMs(): number };
}

export const nowMs = Date.UTC(2026, 10, 21, 12);

/** The stage on a real SQLite file; groups make `east` the area of Ann. */
export async function openAccessRig(
  t: TestContext,
  more: { readonly file?: string; readonly fromProvider?: (jwt: string) => Promise<Actor>; readonly at?: number } = {},
): Promise<AccessRig> {
  const store = openTableStore([accessTables, apiTables], more.file);
  const clock = { now: more.at ?? nowMs, wallMs: () => clock.now, monoMs: () => clock.now };
  const access = await openAccess(
    { adminToken: 'token', policies: [] },
    {
      store,
      whereabouts: {
        placesOf: (device) => (device.startsWith('east') ? ['east', 'Mill/East'] : []),
        placesAround: (place) => [place],
        areasOf: (name) => (name === 'Ann' ? ['east'] : []),
      },
      localTime: () => undefined,
      fromProvider: more.fromProvider,
      clock,
      log: pino({ level: 'silent' }),
    },
  );
  t.after(async () => {
    await access[Symbol.asyncDispose]();
    store[Symbol.dispose]();
  });
  return { access, store, clock };
}

export const asking = (headers: Record<string, string> = {}, more: Partial<Asking> = {}): Asking => ({
  method: 'GET',
  action: 'GET /api/v1/things',
  path: '/api/v1/things',
  headers: { host: '192.0.2.1:8080', ...headers },
  address: '192.0.2.9',
  isTls: false,
  ...more,
});
