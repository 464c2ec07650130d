import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { operationSchema, siteTemplateSchema } from '../../../contracts/registry-bulk.ts';
import { csvLine, readCsv } from '../../../gateway/registry/csv.ts';
import { changesIn, inMemory, replay, state, type InMemory } from './registry-fixture.ts';

const mill = siteTemplateSchema.parse({
  buildings: [
    { name: 'Mill', floors: [{ name: 'Ground', areas: [{ name: 'East', rooms: ['Kitchen', 'Hall'] }] }] },
    { name: 'Barn' },
  ],
  groups: [{ name: 'Facility', members: ['Ann'], areas: ['Mill/Ground/East'] }],
  deviceTemplates: { lamp: { profile: 'lamp', tags: ['light'] } },
  devices: [{ id: 'l1', name: 'Lamp', template: 'lamp', place: 'Mill/Ground/East/Hall', tags: ['east'] }],
});

async function inMill(): Promise<InMemory & { pathsById: Map<string, string> }> {
  const memory = await inMemory();
  await memory.registry.applyTemplate(mill, false);
  const { registry } = memory;
  return { ...memory, pathsById: new Map([...registry.places()].map(({ id }) => [registry.pathOf(id), id])) };
}

test('CSV is read as it was written, whatever is in the cells', () => {
  const cell = fc.string({ unit: fc.constantFrom('a', 'ü', ',', '"', '\n', '\r', ' ', '=') });
  const row = fc.array(cell, { minLength: 2, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(row), (written) => {
      const text = written.map((cells) => csvLine(cells)).join('');
      assert.deepEqual(
        [...readCsv(text)].map(({ cells }) => cells),
        written,
      );
    }),
  );
});

test('lines are counted through quoted line breaks, a byte order mark is no cell, an open quote has a line', () => {
  const rows = [...readCsv('\ufeffid,name\r\n\r\n1,"a\nb"\n2,c')];
  assert.deepEqual(rows, [
    { line: 1, cells: ['id', 'name'] },
    { line: 3, cells: ['1', 'a\nb'] },
    { line: 5, cells: ['2', 'c'] },
  ]);
  assert.throws(() => [...readCsv('id\nx,"open')], { code: 'COMMAND_INVALID', message: /^line 2: a quote/ });
});

test('a template makes what is missing, in one commit, and nothing the second time', async () => {
  const { registry, entries, pathsById } = await inMill();
  assert.equal(entries.length, 1);
  assert.deepEqual(
    [...pathsById.keys()],
    ['Mill', 'Mill/Ground', 'Mill/Ground/East', 'Mill/Ground/East/Kitchen', 'Mill/Ground/East/Hall', 'Barn'],
  );
  const { name, profile, tags, place } = registry.find('l1') ?? {};
  assert.deepEqual(
    [name, profile, tags, place],
    ['Lamp', 'lamp', ['light', 'east'], pathsById.get('Mill/Ground/East/Hall')],
  );
  const again = await registry.applyTemplate(mill, false);
  assert.deepEqual(again, { places: 0, groups: 0, created: 0, updated: 0, unchanged: 1 });
  assert.equal(entries.length, 1);
});

test('a template leaves tags alone that it does not name, and refuses more of them than a device may have', async () => {
  const { registry } = await inMill();
  const devices = (...tags: string[][]) =>
    siteTemplateSchema.parse({
      deviceTemplates: { many: { tags: Array.from({ length: 16 }, (_, i) => `t${i}`) } },
      devices: [{ id: 'l1', name: 'Lamp of the hall', ...(tags[0] && { template: 'many', tags: tags[0] }) }],
    });
  await registry.applyTemplate(devices(), false);
  assert.deepEqual([registry.find('l1')?.name, registry.find('l1')?.tags], ['Lamp of the hall', ['light', 'east']]);
  await assert.rejects(registry.applyTemplate(devices(['one-more']), false), /device l1: tags: /);
  await registry.applyTemplate(devices(['t3']), false);
  assert.equal(registry.find('l1')?.tags.length, 16);
});

test('an import is all or nothing: every fault with its line, a dry run leaves nothing, the export comes back', async () => {
  const { registry, entries, pathsById } = await inMill();
  const before = state(registry);
  const faulty = 'id,name,place,tags\nd1,One,Mill,a b\nd2,Two,Nowhere,\nd3,Three,,no!tag\nd1,Again,,\n,None,,\n';
  await assert.rejects(registry.importDevices(faulty, false), (error: Error) => {
    assert.deepEqual(error.message.split('\n'), [
      'Nothing was changed.',
      'line 3: there is no place "Nowhere"',
      'line 4: tags: a tag is made of letters, digits and _ . : -',
      'line 5: the device "d1" stands in line 2 already',
      'line 6: id: Too small: expected string to have >=1 characters',
    ]);
    return true;
  });
  const good = 'id,name,place,tags\nd1,One,Mill/Ground,a b\nl1,Lantern,,\n';
  assert.deepEqual(await registry.importDevices(good, true), { created: 1, updated: 1, unchanged: 0 });
  assert.deepEqual(state(registry), before);
  assert.equal(entries.length, 1);

  assert.deepEqual(await registry.importDevices(good, false), { created: 1, updated: 1, unchanged: 0 });
  const { name, place, tags, profile } = registry.find('l1') ?? {};
  assert.deepEqual(
    [name, place, tags, profile],
    ['Lantern', undefined, [], 'lamp'],
    'a missing column changes nothing',
  );
  assert.equal(registry.find('d1')?.place, pathsById.get('Mill/Ground'));
  const exported = registry.exportDevices({});
  assert.equal(
    exported,
    'id,name,profile,place,tags,lifeCycle,cloudId\nd1,One,,Mill/Ground,a b,SHADOW,\nl1,Lantern,lamp,,,SHADOW,\n',
  );
  assert.deepEqual(await registry.importDevices(exported, false), { created: 0, updated: 0, unchanged: 2 });
  assert.deepEqual(replay(changesIn(entries)), state(registry));
});

test('a name like a formula is text in the export, and itself after the import', async () => {
  const { registry } = await inMemory();
  const names = ['=1+1', "'=x", '-5', "'quoted"];
  for (const [at, name] of names.entries()) await registry.register({ id: `d${at}`, name, tags: [] });
  const exported = registry.exportDevices({});
  assert.ok(!/(^|,)[=+\-@]/m.test(exported), exported);
  assert.equal((await registry.importDevices(exported, false)).unchanged, names.length);
});

test('a wrong header is told before anything else', async () => {
  const { registry } = await inMemory();
  for (const [csv, message] of [
    ['', /empty/],
    ['id,nam\n', /line 1: there is no column "nam"/],
    ['id,id\n', /line 1: a column stands there twice/],
    ['name\n', /line 1: the column id is missing/],
    ['id\na,b\n', /line 2: more cells/],
  ] as const) {
    await assert.rejects(registry.importDevices(csv, false), { code: 'COMMAND_INVALID', message });
  }
});

test('an operation reaches the selected devices that live, as one edit, and a dry run says which', async () => {
  const { registry, entries, pathsById } = await inMill();
  const hall = pathsById.get('Mill/Ground/East/Hall') ?? '';
  for (const id of ['a', 'b', 'c']) await registry.register({ id, place: hall, tags: [] });
  await registry.decommission({ id: 'c' });
  const mark = entries.length;
  const operate = (operation: object) => registry.operate(operationSchema.parse(operation));
  const everyone = { place: pathsById.get('Mill') };

  assert.deepEqual(await operate({ select: everyone, do: 'tag', tags: ['wet'], dryRun: true }), {
    matched: 3,
    changed: ['l1', 'a', 'b'],
  });
  assert.equal(entries.length, mark);
  await operate({ select: everyone, do: 'tag', tags: ['wet'] });
  assert.deepEqual(await operate({ select: { ids: ['a', 'b'] }, do: 'tag', tags: ['wet'] }), {
    matched: 2,
    changed: [],
  });
  await operate({ select: { tag: 'wet' }, do: 'move', place: pathsById.get('Barn') });
  assert.equal(entries.length, mark + 2);
  assert.equal(registry.select({ place: pathsById.get('Barn') ?? '' }).length, 3);
  await operate({ select: { ids: ['a'] }, do: 'decommission' });
  assert.equal(registry.find('a')?.lifeCycle, 'DECOMMISSIONED');
  assert.throws(() => operationSchema.parse({ select: {}, do: 'decommission' }), /say which devices/);
});
