import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deviceAccess, type Broker, type DeviceAccess } from '../../../gateway/registry/device-access.ts';
import { silent } from '../buffer/buffer-fixture.ts';
import { inMemory, type InMemory } from './registry-fixture.ts';

interface Rig extends InMemory {
  readonly access: DeviceAccess;
  readonly users: Set<string>;
  readonly forgotten: string[];
  /** While there is one, no data can be forgotten. */
  fault: Error | undefined;
}

/** The access over a broker that keeps its users in a set, and fails while `broken` says so. */
async function openRig(broken: () => boolean = () => false): Promise<Rig> {
  const memory = await inMemory();
  const users = new Set<string>();
  const forgotten: string[] = [];
  const broker: Broker = {
    hasUser: (user) => users.has(user),
    async addCredential({ user }) {
      users.add(user);
      return { user, password: 'secret' };
    },
    rotate: async (user) => ({ user, password: 'next' }),
    async remove(user) {
      if (broken()) throw new Error('the process ended here');
      users.delete(user);
    },
  };
  const forgetData = async (device: string): Promise<void> => {
    if (rig.fault) throw rig.fault;
    forgotten.push(device);
  };
  const access = deviceAccess({ registry: memory.registry, broker, forgetData, log: silent });
  const rig: Rig = { ...memory, access, users, forgotten, fault: undefined };
  return rig;
}

test('credentials that a crash left to a decommissioned device end at the next start', async () => {
  let broken = true;
  const { registry, access, users } = await openRig(() => broken);
  await registry.register({ id: 'json:pump/1', tags: [] });
  assert.deepEqual(await access.issue({ id: 'json:pump/1', profile: 'generic' }), {
    user: 'json:pump-1',
    password: 'secret',
  });
  await assert.rejects(access.decommission({ id: 'json:pump/1' }), /ended here/);
  assert.equal(registry.find('json:pump/1')?.lifeCycle, 'DECOMMISSIONED');
  assert.deepEqual([...users], ['json:pump-1']);
  await assert.rejects(registry.removeDevice({ id: 'json:pump/1' }), { code: 'CONFLICT' });
  broken = false;
  await access.settle();
  assert.deepEqual([...users], []);
  assert.equal(registry.find('json:pump/1')?.user, undefined);
});

test('the user of a bridge goes with the last of its devices', async () => {
  const { registry, access, users } = await openRig();
  users.add('bridge');
  for (const id of ['z1', 'z2']) {
    await registry.register({ id, tags: [] });
    await access.editDevice({ id, user: 'bridge' });
  }
  await assert.rejects(access.editDevice({ id: 'z1', user: 'nobody' }), { code: 'NOT_FOUND' });
  await access.removeDevice({ id: 'z1', data: false });
  assert.deepEqual([...users], ['bridge']);
  await access.operate({ select: { ids: ['z2'] }, do: 'decommission', dryRun: true });
  assert.deepEqual([...users], ['bridge']);
  await access.operate({ select: { ids: ['z2'] }, do: 'decommission', dryRun: false });
  assert.deepEqual([...users], []);
});

test('credentials whose device could not be noted are taken back; removed with data means forgotten', async () => {
  const { registry, access, users, fail, forgotten } = await openRig();
  await registry.register({ id: 'd', tags: [] });
  fail(new Error('no disk'));
  await assert.rejects(access.issue({ id: 'd', profile: 'generic' }), /no disk/);
  assert.deepEqual([...users], []);
  fail(undefined);
  await access.removeDevice({ id: 'd', data: true });
  assert.deepEqual(forgotten, ['d']);
  await assert.rejects(access.issue({ id: 'd', profile: 'generic' }), { code: 'NOT_FOUND' });
});

test('a device whose data could not be deleted is still there, and can be removed with them again', async () => {
  const rig = await openRig();
  const { registry, access, forgotten } = rig;
  await registry.register({ id: 'd', tags: [] });
  rig.fault = new Error('the disk is full');
  await assert.rejects(access.removeDevice({ id: 'd', data: true }), rig.fault);
  assert.ok(registry.find('d'));
  rig.fault = undefined;
  await access.removeDevice({ id: 'd', data: true });
  assert.deepEqual([registry.find('d'), forgotten], [undefined, ['d']]);
});
