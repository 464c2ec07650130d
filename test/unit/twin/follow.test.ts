import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Metric } from '../../../contracts/message.ts';
import { openRegistry } from '../../../gateway/registry/open-registry.ts';
import { registryTables } from '../../../gateway/registry/tables.ts';
import { openTwins } from '../../../gateway/twin/open-twins.ts';
import { twinTables } from '../../../gateway/twin/tables.ts';
import { entry, open, silent, tempDir } from '../buffer/buffer-fixture.ts';
import { systemClock } from '../../../gateway/lib/clock.ts';
import { replay, takeChanges } from '../registry/registry-fixture.ts';
import { messageOf, openDesk, type Desk } from './twin-fixture.ts';

type Context = Parameters<typeof open>[0];

/** Registry and twins over the real buffer, wired as in the gateway. `deaf` twins miss what the registry does. */
async function openHouse(t: Context, dataDir: string, desk: Desk, deaf = false) {
  const buffer = await open(t, dataDir, { tables: [registryTables, twinTables] });
  const deps = { store: buffer, log: silent, clock: systemClock };
  const { append } = buffer;
  const directory = { find: (id: string) => registry.find(id), devices: () => registry.devices() };
  const twins = await openTwins({ ...deps, append, directory });
  const registry = await openRegistry({ ...deps, append: deaf ? append : twins.follow(append) });
  const lead = await twins.lead(desk);
  const watched = twins.watch(registry.watch(append));
  return {
    buffer,
    registry,
    twins,
    lead,
    says: (id: string, m: readonly Metric[]) => watched(entry(messageOf(m, 1, { dev: { id } }))),
    wishes: (id: string) => Object.entries(twins.show(id).desired).map(([metric, { value }]) => `${metric} ${value}`),
    async close() {
      await lead[Symbol.asyncDispose]();
      await registry[Symbol.asyncDispose]();
      await buffer[Symbol.asyncDispose]();
    },
  };
}

const off: Metric = { n: 'switch.state', vb: false };

test('wishes go to the device that replaces another; one that is removed leaves no twin, and comes again with higher versions', async (t) => {
  const desk = openDesk();
  const { registry, twins, lead, says, wishes, buffer } = await openHouse(t, await tempDir(t), desk);
  await says('old', [off]);
  await lead.edit({ id: 'old', desired: { 'switch.state': true } }, 'api');
  await registry.replace({ id: 'old', by: 'new' });
  assert.deepEqual([wishes('old'), wishes('new')], [[], ['switch.state true']]);
  assert.deepEqual([desk.kept.map(({ device }) => device), desk.withdrawn], [['old', 'new'], [desk.kept[0]?.id]]);
  const { version } = twins.show('old');
  await registry.removeDevice({ id: 'old' });
  assert.throws(() => twins.show('old'), { code: 'NOT_FOUND' });
  assert.deepEqual(await buffer.read('twin.history', ['old', 1e9, 10]), []);
  await says('old', [off]);
  await lead.edit({ id: 'old', desired: { 'switch.state': true } }, 'api');
  assert.ok(twins.show('old').version > version);
  assert.equal(new Set(desk.kept.map(({ id }) => id)).size, 3);
  const told = [...replay((await takeChanges(buffer)).filter(({ subject }) => subject === 'twin')).keys()];
  assert.deepEqual(told.toSorted(), ['twin new', 'twin old']);
});

test('what a crash left undone behind a change of the registry is done at the next start', async (t) => {
  const [dataDir, desk] = [await tempDir(t), openDesk()];
  const before = await openHouse(t, dataDir, desk, true);
  for (const id of ['old', 'gone', 'stays']) {
    await before.says(id, [off]);
    await before.lead.edit({ id, desired: { 'switch.state': true } }, 'api');
  }
  await before.registry.replace({ id: 'old', by: 'new' });
  await before.registry.removeDevice({ id: 'gone' });
  await before.close();
  const { wishes, buffer } = await openHouse(t, dataDir, desk);
  assert.deepEqual([wishes('old'), wishes('new'), wishes('stays')], [[], ['switch.state true'], ['switch.state true']]);
  assert.deepEqual(await buffer.read('twin.one', ['gone']), []);
});
