import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Located } from '../../../gateway/registry/whereabouts.ts';
import { inMemory } from './registry-fixture.ts';

test('who follows the places hears of each device that moved, also with a place that is renamed, and of no other', async () => {
  const { registry } = await inMemory();
  const mill = await registry.addPlace({ kind: 'building', name: 'Mill' });
  const ground = await registry.addPlace({ kind: 'floor', name: 'Ground', parent: mill.id });
  await registry.register({ id: 'd1', place: ground.id, tags: [] });
  let heard: Located[] = [];
  const take = (): Located[] => {
    const taken = heard;
    heard = [];
    return taken;
  };
  registry.followPlaces((moved) => heard.push(...moved));
  assert.deepEqual(take(), [{ device: 'd1', place: { building: 'Mill', floor: 'Ground' } }]);
  await registry.register({ id: 'd2', place: mill.id, tags: [] });
  await registry.register({ id: 'd3', tags: [] });
  assert.deepEqual(take(), [{ device: 'd2', place: { building: 'Mill' } }]);
  await registry.editDevice({ id: 'd1', name: 'Lamp' });
  assert.deepEqual(take(), []);
  await registry.editPlace({ id: ground.id, name: 'First' });
  assert.deepEqual(take(), [{ device: 'd1', place: { building: 'Mill', floor: 'First' } }]);
  await registry.editDevice({ id: 'd1', place: null });
  await registry.removeDevice({ id: 'd2' });
  assert.deepEqual(take(), [
    { device: 'd1', place: undefined },
    { device: 'd2', place: undefined },
  ]);
});
