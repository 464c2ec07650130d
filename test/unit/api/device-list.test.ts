import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Target } from '../../../contracts/actor.ts';
import type { DeviceRecord } from '../../../contracts/registry.ts';
import { asAdministrator } from '../../harness/api-context.ts';
import { deviceListRoute } from '../../../gateway/api/device-list.ts';

const line = {
  sink: 'tuya',
  accepted: 3,
  delivered: 1,
  buffered: 2,
  filtered: 0,
  expired: 0,
  evicted: 0,
  deadLettered: 0,
  predates: 0,
  balanced: true,
};
const device = (id: string, more: Partial<DeviceRecord> = {}): DeviceRecord => ({
  id,
  name: `the ${id}`,
  version: 1,
  profile: undefined,
  lifeCycle: 'SHADOW',
  place: undefined,
  tags: [],
  ...more,
});

interface Listed {
  readonly total: number;
  readonly next: string | null;
  readonly devices: readonly { readonly id: string }[];
}

const all = [device('c', { tags: ['east'] }), device('a', { place: 'p2' }), device('b', { lifeCycle: 'ACTIVATED' })];
const list = deviceListRoute({
  select: ({ place, tag, lifeCycle }) =>
    all.filter(
      (one) =>
        (place === undefined || one.place !== undefined) &&
        (tag === undefined || one.tags.includes(tag)) &&
        (lifeCycle === undefined || one.lifeCycle === lifeCycle),
    ),
  ledger: async () => ({
    devices: [
      { device: 'a', ...line },
      { device: 'plugin:shelly', ...line },
    ],
  }),
  pathOf: (place) => `path of ${place}`,
});
const ask = async (query: object): Promise<Listed> =>
  (await list.handle(list.input.parse(query), asAdministrator)) as Listed;
const ids = ({ devices }: Listed): string[] => devices.map(({ id }) => id);

test('the devices of the registry come in order of id, page by page, with what the ledger says', async () => {
  const first = await ask({ limit: '2' });
  assert.deepEqual([ids(first), first.total, first.next], [['a', 'b'], 3, 'b']);
  const rest = await ask({ limit: '2', cursor: 'b' });
  assert.deepEqual([ids(rest), rest.total, rest.next], [['c'], 3, null]);
  assert.deepEqual(first.devices[0], {
    ...device('a', { place: 'p2' }),
    path: 'path of p2',
    accepted: 3,
    buffered: 2,
    sinks: [line],
  });
});

test('of a list everybody sees what is theirs, and no more is counted', async () => {
  const may = (_permission: string, target: Target): boolean =>
    typeof target === 'object' && 'device' in target && target.device !== 'b';
  const mine = (await list.handle(list.input.parse({}), { ...asAdministrator, may })) as Listed;
  assert.deepEqual([ids(mine), mine.total], [['a', 'c'], 2]);
});

test('a filter names a place, a tag, a life cycle', async () => {
  assert.deepEqual(ids(await ask({ place: 'p1' })), ['a']);
  assert.deepEqual(ids(await ask({ tag: 'east' })), ['c']);
  assert.deepEqual(ids(await ask({ lifeCycle: 'ACTIVATED' })), ['b']);
});
