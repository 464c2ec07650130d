import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PortcullisError } from '../../../contracts/errors.ts';
import { lifeCycles, placeKinds } from '../../../contracts/registry.ts';
import type { Registry } from '../../../gateway/registry/open-registry.ts';
import { nextLife } from '../../../gateway/registry/life-cycle.ts';
import { changesIn, inMemory, replay, state } from './registry-fixture.ts';

const index = fc.nat({ max: 30 });
const name = fc.constantFrom('north', 'south', 'attic');
const device = fc.constantFrom('z2m:0x1', 'z2m:0x2', 'shelly:a');
const outcome = fc.oneof(
  fc.constant({ is: 'activated', cloudId: 'c1' } as const),
  fc.constant({ is: 'rejected', code: '2005', reason: 'no such product', suggestion: 'name another' } as const),
);

/** One operation of an operator or the cloud; `at` picks among what is there. */
const operation = fc.oneof(
  fc.record({ do: fc.constant('addPlace' as const), kind: fc.constantFrom(...placeKinds), name, at: index }),
  fc.record({ do: fc.constant('movePlace' as const), at: index, to: index }),
  fc.record({ do: fc.constant('renamePlace' as const), at: index, name }),
  fc.record({ do: fc.constant('removePlace' as const), at: index, cascade: fc.boolean() }),
  fc.record({ do: fc.constant('addGroup' as const), name, at: index }),
  fc.record({ do: fc.constant('editGroup' as const), name, at: index }),
  fc.record({ do: fc.constant('retry' as const), device }),
  fc.record({ do: fc.constant('removeGroup' as const), at: index }),
  fc.record({ do: fc.constant('register' as const), device, at: index }),
  fc.record({ do: fc.constant('move' as const), device, at: index }),
  fc.record({ do: fc.constant('rename' as const), device, name }),
  fc.record({ do: fc.constant('activation' as const), device, outcome }),
  fc.record({ do: fc.constant('replace' as const), device, by: device }),
  fc.record({ do: fc.constant('decommission' as const), device }),
  fc.record({ do: fc.constant('removeDevice' as const), device }),
);
type Operation = typeof operation extends fc.Arbitrary<infer One> ? One : never;

async function run(registry: Registry, op: Operation): Promise<unknown> {
  const places = [...registry.places()];
  const placeAt = (at: number): string => places[at % places.length]?.id ?? 'nowhere';
  const groupId = [...registry.groups()][0]?.id ?? 'none';
  switch (op.do) {
    case 'addPlace':
      return registry.addPlace({
        kind: op.kind,
        name: op.name,
        ...(op.kind !== 'building' && { parent: placeAt(op.at) }),
      });
    case 'movePlace':
      return registry.editPlace({ id: placeAt(op.at), parent: placeAt(op.to) });
    case 'renamePlace':
      return registry.editPlace({ id: placeAt(op.at), name: op.name });
    case 'removePlace':
      return registry.removePlace({ id: placeAt(op.at), cascade: op.cascade });
    case 'addGroup':
      return registry.addGroup({ name: op.name, members: ['ann'], areas: [placeAt(op.at)] });
    case 'editGroup':
      return registry.editGroup({ id: groupId, name: op.name, members: ['bob'], areas: [placeAt(op.at)] });
    case 'retry':
      return registry.retry({ id: op.device });
    case 'removeGroup':
      return registry.removeGroup({ id: groupId });
    case 'register':
      return registry.register({ id: op.device, place: placeAt(op.at), tags: [] });
    case 'move':
      return registry.editDevice({ id: op.device, place: placeAt(op.at) });
    case 'rename':
      return registry.editDevice({ id: op.device, name: op.name });
    case 'activation':
      return registry.activation(op.device, op.outcome);
    case 'replace':
      return registry.replace({ id: op.device, by: op.by });
    case 'decommission':
      return registry.decommission({ id: op.device });
    default:
      return registry.removeDevice({ id: op.device });
  }
}

function mustHold(registry: Registry): void {
  const places = new Map([...registry.places()].map((place) => [place.id, place]));
  const names = new Set<string>();
  for (const { kind, parent, name } of places.values()) {
    const outer = placeKinds[placeKinds.indexOf(kind) - 1];
    assert.equal(parent === undefined ? undefined : places.get(parent)?.kind, outer);
    assert.ok(!names.has(`${parent}/${name}`), `two places ${name} in ${parent}`);
    names.add(`${parent}/${name}`);
  }
  for (const { place, lifeCycle, refusal } of registry.devices()) {
    assert.ok(place === undefined || places.has(place), 'a device stands nowhere');
    assert.equal(refusal !== undefined, lifeCycle === 'REJECTED');
  }
  for (const { areas } of registry.groups()) for (const area of areas) assert.equal(places.get(area)?.kind, 'area');
}

test('whatever is done in whatever order: the tree is one, and its change events replay to the same registry', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 20, maxLength: 80 }), async (operations) => {
      const { registry, entries } = await inMemory();
      for (const op of operations) {
        const before = state(registry);
        const done = await run(registry, op).catch((error: unknown) => error);
        mustHold(registry);
        if (!(done instanceof Error)) continue;
        assert.ok(done instanceof PortcullisError && done.code !== 'INTERNAL', String(done));
        assert.deepEqual(state(registry), before, 'a refused change left something behind');
      }
      assert.deepEqual(replay(changesIn(entries)), state(registry));
    }),
    { numRuns: 150 },
  );
});

test('edits of one moment share a commit, and each has its own version and event', async () => {
  const { registry, entries } = await inMemory();
  await registry.register({ id: 'd', tags: [] });
  const names = ['a', 'b', 'c'];
  const edits = await Promise.all(names.map((name) => registry.editDevice({ id: 'd', name })));
  assert.deepEqual(
    edits.map(({ version }) => version),
    [2, 3, 4],
  );
  assert.equal(entries.length, 2);
  assert.deepEqual(
    changesIn(entries).map(({ version, value }) => [version, value?.['name']]),
    [
      [1, 'd'],
      [2, 'a'],
      [3, 'b'],
      [4, 'c'],
    ],
  );
});

test('no event of a life leads out of DECOMMISSIONED, and only the cloud makes a device ACTIVATED', () => {
  for (const event of ['activated', 'rejected', 'retried', 'decommissioned'] as const) {
    assert.equal(nextLife('DECOMMISSIONED', event), undefined);
    for (const now of lifeCycles) {
      const next = nextLife(now, event);
      if (next === 'ACTIVATED') assert.equal(event, 'activated');
      if (event === 'decommissioned' && now !== 'DECOMMISSIONED') assert.equal(next, 'DECOMMISSIONED');
    }
  }
});
