import assert from 'node:assert/strict';
import { chmod, cp, mkdir, mkdtemp, readFile, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { admitPlugins } from '../../gateway/admission/admit-plugins.ts';
import type { Admission } from '../../gateway/admission/admit-plugins.ts';
import { analysePlugin } from '../../gateway/admission/code/analyse-plugin.ts';
import { staticShape } from '../../gateway/admission/code/static-shape.ts';
import { probeHost } from '../../gateway/admission/host/probe.ts';
import { providedModules } from '../../gateway/admission/provided-modules.ts';
import { contentStore } from '../../gateway/admission/store.ts';
import { openCell, type SupervisedCell } from '../../gateway/cells/cell-supervisor.ts';
import { cellProgram, findConfinement, type Confinement } from '../../gateway/cells/confinement.ts';
import type { PlannedHandles } from '../../gateway/cells/handles/handle-broker.ts';
import { defaultLimits } from '../../gateway/cells/options.ts';
import { endpointOf } from '../../gateway/lib/endpoint.ts';
import { waitUntil } from '../harness/wait-until.ts';
import { nothing, openPorts } from '../unit/cells/handles/rig.ts';
import { api, deps, openedCell, wireEnvelope, zod } from '../unit/cells/plugins.ts';
import { envelope, memoryBuffer, openStage } from '../unit/preprocess/stage.ts';

const fixtures = join(import.meta.dirname, '../fixtures/hostile-plugins');

/** What the door says (undefined: no static check can see it), and what a cell makes of it when the door is bypassed. */
interface Expected {
  readonly door: string | undefined;
  readonly cell: RegExp;
}

const importDenied = { door: 'PC-D101', cell: /^refused at load: .*PC-R201/ };

const outOfMemory = /^(crashed|refused decode-failed: Array buffer allocation failed)/;

/** In the cell the answer to one decode, or why the plugin did not load. */
const attacks: Readonly<Record<string, Expected>> = {
  'reads-passwd': importDenied,
  'asks-for-a-builtin': { door: 'PC-D109', cell: /^refused decode-failed: .*not a function/ },
  'reads-environment': { door: 'PC-D109', cell: /^decoded loot 0$/ },
  fetches: { door: undefined, cell: /^refused decode-failed: fetch is not defined/ },
  'connects-out': importDenied,
  'asks-dns': importDenied,
  spawns: importDenied,
  'loads-addon': { door: 'PC-D109', cell: /^refused decode-failed: .*not a function/ },
  'starts-worker': importDenied,
  'binds-port': importDenied,
  'writes-with-sqlite': importDenied,
  'pollutes-prototypes': { door: 'PC-D109', cell: /^refused at load: .*PC-R20[15]/ },
  'kills-parent': { door: 'PC-D109', cell: /^refused decode-failed: .*not a function/ },
  'opens-inspector': { door: 'PC-D109', cell: /^refused decode-failed: .*not a function/ },
  'loops-at-load': { door: undefined, cell: /^refused at load: .*PC-R202/ },
  'loops-in-decode': { door: undefined, cell: /^hung/ },
  // Which of two bounds is met first, the watchdog's or that of memory, depends on how fast the machine hands out memory.
  'hoards-heap': { door: undefined, cell: /^(crashed|hung)/ },
  'hoards-off-heap': { door: undefined, cell: outOfMemory },
  'allocates-2-gb': { door: undefined, cell: outOfMemory },
  'sends-1-gb': { door: undefined, cell: /^(crashed|refused PC-R204|refused decode-failed)/ },
  thenable: { door: 'PC-S105', cell: /^refused at load: .*PC-S105/ },
  'getter-with-effects': { door: 'PC-S104', cell: /^refused at load: .*PC-R203, export trap/ },
  evaluates: { door: 'PC-D109', cell: /^refused decode-failed: Code generation from strings disallowed/ },
  'reaches-constructor': { door: 'PC-D109', cell: /^refused decode-failed: Code generation from strings disallowed/ },
  'hides-import-name': importDenied,
  'looks-alike': { door: 'PC-D102', cell: /^refused at load: .*PC-R201/ },
  'imports-data-url': { door: 'PC-D109', cell: /^refused at load: .*PC-R201/ },
  'imports-above': { door: 'PC-D110', cell: /^refused at load: .*PC-R201/ },
  exits: { door: 'PC-D109', cell: /^refused decode-failed: .*not a function/ },
  'rejects-in-a-storm': { door: undefined, cell: /^(decoded|crashed)/ },
  'forges-a-prototype': { door: undefined, cell: /^refused PC-R204/ },
  'forges-a-decision': importDenied,
  'widens-topics-at-load': {
    door: undefined,
    cell: /^refused at load: PC-R203, export default: .topics: another value/,
  },
  'swaps-decode-at-load': { door: undefined, cell: /^refused at load: PC-R203, export default: .decode: 0 required/ },
  'grows-a-command-at-load': {
    door: undefined,
    cell: /^refused at load: PC-R203, export default: .commands is not in the source/,
  },
  // What follows goes beyond its grants through the handles that it was given.
  'publishes-elsewhere': { door: undefined, cell: /^said PC-R207 PC-R207 PC-R207 done PC-R207$/ },
  'asks-another-secret': { door: undefined, cell: /^said PC-R207 PC-R207 PC-R207 done$/ },
  'follows-a-redirect': { door: undefined, cell: /^said 302 PC-R207 PC-R207 PC-R207 PC-R207 PC-R207$/ },
  'floods-handles': { door: undefined, cell: /^said done PC-R209$/ },
  'floods-for-ever': { door: undefined, cell: /^ended$/ },
  'forges-handle-ids': { door: 'PC-D109', cell: /^said PC-R210 PC-R210 PC-R210$/ },
  'follows-a-link': { door: 'PC-D110', cell: /^refused at load: .*PC-R201/ },
};

const contract = `apiVersion: plugin-contract/v1
kind: PluginContract
plugin: { entry: index.js, format: esm, sideEffects: allow }
exports: { policy: closed, variables: [{ name: default, deferToLive: true }] }
imports: { packages: [{ name: zod, version: '^4' }], undeclared: allow }
`;

let root = '';
let found: readonly Admission[] = [];
let confinement: Confinement | undefined;
let tripped = 0;
let insideHits = 0;
const inside = createServer((_request, response) => {
  insideHits += 1;
  response.end();
});
const device = createServer((_request, response) => {
  const { port } = inside.address() as AddressInfo;
  response.writeHead(302, { location: `http://127.0.0.1:${port}/` }).end();
});

before(async () => {
  for (const server of [inside, device]) await once(server.listen(0, '127.0.0.1'), 'listening');
  root = await realpath(await mkdtemp(join(tmpdir(), 'hostile-')));
  await chmod(root, 0o755);
  const plugins = join(root, 'plugins');
  await mkdir(plugins);
  confinement = await findConfinement([cellProgram, root, plugins]);
  await mkdir(join(root, 'contracts'));
  for (const name of Object.keys(attacks)) {
    await cp(join(fixtures, name), join(plugins, name), { recursive: true });
    await writeFile(join(plugins, name, 'package.json'), `{"name":"${name}","version":"1.0.0","type":"module"}`);
    await writeFile(join(root, `contracts/${name}.contract.yaml`), contract);
  }
  await symlink('/etc/hostname', join(plugins, 'follows-a-link/link.js'));
  Object.assign(globalThis, { tripwire: () => (tripped += 1) });
  found = await admitPlugins(plugins, {
    contracts: [join(root, 'contracts')],
    facts: () => probeHost({ env: new Map() }),
    provided: providedModules(join(plugins, 'any')),
    analyse: analysePlugin,
    shapeOf: (input) => Promise.resolve(staticShape(input)),
    log: deps.log,
  });
});

after(() => {
  for (const server of [inside, device]) server.close();
  return rm(root, { recursive: true, force: true });
});

test('every folder of hostile plugins is in the table', async () => {
  const folders = (await readdir(fixtures, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  assert.deepEqual(folders.map(({ name }) => name).toSorted(), Object.keys(attacks).toSorted());
});

test('the door refuses what can be seen in the source, and no byte of any of them runs for it', () => {
  const said = found.map(({ name, check }) => [
    name,
    check.violations.some(({ code, severity }) => severity === 'error' && code === attacks[name]?.door)
      ? attacks[name]?.door
      : check.violations.filter(({ severity }) => severity === 'error').map(({ code }) => code)[0],
  ]);
  assert.deepEqual(Object.fromEntries(said), Object.fromEntries(Object.entries(attacks).map(([n, e]) => [n, e.door])));
  for (const { name, check } of found) assert.equal(check.decision, attacks[name]?.door ? 'DENY' : 'ADMIT', name);
  assert.equal(tripped, 0);
});

test('past the door each of them is held by its cell, while another plugin gets its acknowledgements', async (t) => {
  const stage = await openStage(memoryBuffer(t));
  for (const [name, expected] of Object.entries(attacks)) {
    await t.test(name, async () => {
      const done = new AbortController();
      const acknowledged = keepSending(stage.ingest, done.signal);
      const outcome = await inCell(name);
      done.abort();
      assert.match(outcome, expected.cell);
      assert.ok((await acknowledged) > 0, 'the other plugin was acknowledged');
    });
  }
  assert.equal(Reflect.get({}, 'isAdmin'), undefined);
});

/** Ingests for the house plugin until the signal; every message must be acknowledged, and their number comes back. */
async function keepSending(
  ingest: (one: ReturnType<typeof envelope>) => Promise<{ readonly stored: number }>,
  signal: AbortSignal,
): Promise<number> {
  let count = 0;
  do {
    const { stored } = await ingest(envelope('house/lamp', { values: { humidity: count % 100 } }));
    assert.equal(stored, 1);
    count += 1;
    await sleep(20);
  } while (!signal.aborted);
  return count;
}

/** Runs the plugin in a cell as if it had been admitted, and says in one line what became of it. */
async function inCell(name: string): Promise<string> {
  const folder = join(root, 'plugins', name);
  const plan = {
    name,
    entry: join(folder, 'index.js'),
    fence: { root: folder, provided: { zod, '@portcullis/contracts': api } },
    config: {},
    expected: {
      contract: { closed: true, exports: [{ name: 'default', kind: 'value' as const }] },
      source: found.find((one) => one.name === name)?.run?.shape,
    },
    limits: { ...defaultLimits, startupMs: name === 'loops-at-load' ? 2_500 : 20_000, callMs: 4_000 },
  };
  const opened = await openCell({ ...plan, handles: narrowHandles() }, { ...deps, confinement });
  if ('code' in opened) return `refused at load: ${opened.code}, ${opened.detail}`;
  await using cell = opened;
  if ((await readFile(plan.entry, 'utf8')).includes('async start(')) return await startedIn(cell);
  const call = { is: 'decode', envelope: { ...wireEnvelope(), payload: new Uint8Array() }, teaches: false } as const;
  const answer = await cell.call(call, 1);
  if (answer.is === 'refused') return `refused ${answer.code}: ${answer.detail}`;
  if (answer.is === 'decoded') return `decoded loot ${String(answer.readings[0]?.meta?.['loot'])}`;
  return answer.is;
}

/** Grants of a little: one topic per device, one secret, one device that redirects to a server of this machine. */
function narrowHandles(): PlannedHandles {
  const { port } = device.address() as AddressInfo;
  return {
    grants: {
      ...nothing,
      publish: ['hostile/${device.id}/up'],
      outbound: [endpointOf(`127.0.0.1:${port}`)],
      secrets: ['OWN'],
    },
    secrets: new Map([['OWN', 'its own']]),
    variables: { DEVICE: `http://127.0.0.1:${port}/` },
  };
}

/** What a plugin with handles says that it got, or that its process was ended. Nothing but what is granted was done. */
async function startedIn(cell: SupervisedCell): Promise<string> {
  const ports = openPorts({
    serial: { list: () => Promise.resolve([]), open: () => Promise.reject(new Error('no port')) },
    gpio: { open: () => Promise.reject(new Error('no line')) },
  });
  await using _begun = cell.begin(ports);
  await waitUntil('what it did', () => ports.ingested.length > 0 || cell.state !== 'running');
  assert.ok(ports.published.every(({ topic }) => topic === 'hostile/hostile:1/up'));
  assert.equal(insideHits, 0);
  const [said] = ports.ingested;
  return said === undefined ? 'ended' : `said ${Buffer.from(said.payload).toString()}`;
}

test('what was checked is what runs: a file swapped after the check runs nowhere', async (t) => {
  const here = await mkdtemp(join(tmpdir(), 'swap-'));
  t.after(() => rm(here, { recursive: true, force: true }));
  const source = (word: string): string =>
    `import { z } from 'zod';\nexport default { name: 'a', apiVersion: 1, proto: 'a', topics: ['a'], config: z.strictObject({}), decode: () => [{ device: 'a:1', kind: 'state', metrics: [], meta: { loot: '${word}' } }] };\n`;
  await mkdir(join(here, 'plugins/a'), { recursive: true });
  await mkdir(join(here, 'contracts'));
  await writeFile(join(here, 'contracts/a.contract.yaml'), contract);
  await writeFile(join(here, 'plugins/a/package.json'), '{"name":"a","version":"1.0.0","type":"module"}');
  await writeFile(join(here, 'plugins/a/index.js'), source('checked'));
  const store = contentStore(join(here, 'store'));
  const [admitted] = await admitPlugins(join(here, 'plugins'), {
    contracts: [join(here, 'contracts')],
    facts: () => probeHost({ env: new Map() }),
    provided: providedModules(join(here, 'plugins/any')),
    analyse: analysePlugin,
    store,
    log: deps.log,
  });
  assert.ok(admitted?.run, JSON.stringify(admitted?.check.violations));
  await writeFile(join(here, 'plugins/a/index.js'), source('swapped'));
  const stored = await realpath(admitted.run.folder);
  const cell = await openedCell({
    name: 'a',
    entry: join(stored, admitted.run.entry),
    fence: { root: stored, provided: { zod } },
    config: {},
    expected: { contract: { closed: true, exports: [{ name: 'default', kind: 'value' }] } },
    limits: { ...defaultLimits, startupMs: 20_000 },
  });
  t.after(() => cell[Symbol.asyncDispose]());
  const payload = new Uint8Array();
  const answer = await cell.call({ is: 'decode', envelope: { ...wireEnvelope(), payload }, teaches: false }, 1);
  assert.ok(answer.is === 'decoded');
  assert.deepEqual(answer.readings[0]?.meta, { loot: 'checked' });
  assert.match(await readFile(join(stored, 'index.js'), 'utf8'), /checked/);
  await rm(join(stored, 'index.js'));
  await assert.rejects(store.open(admitted.tree ?? ''), { code: 'PLUGIN_TAMPERED' });
});
