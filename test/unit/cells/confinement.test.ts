import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, readlink, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { cellGroup, cellProgram, findConfinement, type Confinement } from '../../../gateway/cells/confinement.ts';
import { openProcessCell } from '../../../gateway/cells/process-cell.ts';
import { checkCells } from '../../../gateway/doctor/check-cells.ts';
import { waitUntil } from '../../harness/wait-until.ts';
import { deps, planOf, source, wireEnvelope } from './plugins.ts';

async function open(t: TestContext, decode: string, confinement: Confinement, callMs = 2_000) {
  const plan = await planOf(t, source({ decode }), { limits: { callMs } });
  await chmod(plan.fence.root, 0o755);
  const cell = await openProcessCell(plan, { ...deps, confinement });
  assert.ok('call' in cell, JSON.stringify(cell));
  t.after(() => cell[Symbol.asyncDispose]());
  return cell;
}

const decode = { is: 'decode', envelope: wireEnvelope(), teaches: false } as const;

test('a cell has of its own what this host can give: network, process numbers, IPC, user; and no capability', async (t) => {
  const confinement = await findConfinement([cellProgram]);
  const cell = await open(t, 'return [];', confinement);
  const { walls } = confinement;
  for (const [wall, kind] of [
    ['network', 'net'],
    ['signals', 'pid'],
    ['ipc', 'ipc'],
    ['files', 'mnt'],
  ] as const) {
    const [own, ours] = [await readlink(`/proc/${cell.pid}/ns/${kind}`), await readlink(`/proc/self/ns/${kind}`)];
    assert.equal(own !== ours, walls.includes(wall), wall);
  }
  const status = await readFile(`/proc/${cell.pid}/status`, 'utf8');
  const line = (name: string): string | undefined => new RegExp(`^${name}:\\t(.*)$`, 'm').exec(status)?.[1];
  assert.equal(line('CapEff'), '0000000000000000');
  assert.equal(line('NoNewPrivs'), '1');
  if (walls.includes('user')) assert.match(line('Uid') ?? '', /^([7-9]\d{4}|[1-4]\d{5})\t\1\t\1\t\1$/);
  else assert.equal(line('Uid')?.split('\t')[0], String(process.getuid?.()));
  if (walls.includes('user')) assert.equal(line('Gid')?.split('\t')[0], String(cellGroup));
  if (walls.includes('signals')) assert.equal(line('NSpid')?.split('\t').at(-1), '1');
  assert.equal((await cell.call(decode)).is, 'decoded');
});

test('a confined cell that hangs ends with everything that was started for it', async (t) => {
  const confinement = await findConfinement([cellProgram]);
  const cell = await open(t, 'for (;;);', confinement, 300);
  const { pid } = cell;
  assert.equal((await cell.call(decode)).is, 'hung');
  await cell.ended;
  await waitUntil('its end', async () => {
    try {
      return /^State:\tZ/m.test(await readFile(`/proc/${pid}/status`, 'utf8'));
    } catch {
      return true;
    }
  });
});

test('what a host does not give is said with its reason, and the gateway does without', async (t) => {
  const nothing = await findConfinement(['/nowhere'], { isRoot: false });
  assert.ok(!nothing.walls.includes('user'));
  assert.match(nothing.missing.join(), /own user: only root can give one/);
  const closed = await findConfinement(['/nowhere/at/all'], { isRoot: true });
  assert.ok(!closed.walls.includes('user'));
  assert.match(closed.missing.join(), /own user: /);
  const bare: Confinement = { command: () => ['setpriv', '--no-new-privs'], walls: [], forks: false, missing: ['x'] };
  assert.equal((await (await open(t, 'return [];', bare)).call(decode)).is, 'decoded');
  const found = await checkCells(() => Promise.resolve(bare));
  assert.deepEqual(
    found.map(({ state, says }) => `${state} ${says}`),
    ['ok a process with limits and without privileges', 'warn not here: x'],
  );
});

test('the kernel alone holds a program that has no fence at all: no network, no signal, no private file', async (t) => {
  const data = await realpath(await mkdtemp(join(tmpdir(), 'gateway-data-')));
  const store = join(data, 'admission/store');
  await mkdir(store, { recursive: true });
  await chmod(data, 0o755);
  await writeFile(join(store, 'stored.js'), 'stored');
  await writeFile(join(data, 'token'), 'readable for everybody', { mode: 0o644 });
  t.after(() => rm(data, { recursive: true }));
  const { command, walls } = await findConfinement([cellProgram, store], { hidden: { folder: data, but: store } });
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const secretFile = join(await mkdtemp(join(tmpdir(), 'private-')), 'secret');
  await writeFile(secretFile, 'secret', { mode: 0o600 });
  t.after(() => rm(dirname(secretFile), { recursive: true }));
  const attempt = `
    const { connect } = require('node:net');
    const { existsSync, readFileSync } = require('node:fs');
    const said = {};
    said.files = existsSync('${join(data, 'token')}') || existsSync('/proc/${process.pid}/environ') ? 'open' : 'hidden';
    said.stored = readFileSync('${join(store, 'stored.js')}', 'utf8');
    try { process.kill(${process.pid}, 0); said.signals = 'open'; } catch (error) { said.signals = error.code; }
    try { require('node:fs').readFileSync('${secretFile}'); said.user = 'open'; } catch (error) { said.user = error.code; }
    const tell = (network) => { console.log(JSON.stringify({ ...said, network })); process.exit(); };
    connect(${port}, '127.0.0.1').on('connect', () => tell('open')).on('error', ({ code }) => tell(code));`;
  const started = [...command('probe'), process.execPath, '-e', attempt];
  const { stdout } = await promisify(execFile)('/usr/bin/env', started);
  const said = JSON.parse(stdout) as Record<string, string>;
  assert.equal(said['stored'], 'stored');
  for (const wall of ['network', 'signals', 'files', 'user'] as const) {
    if (walls.includes(wall)) assert.notEqual(said[wall], 'open', wall);
    else assert.equal(said[wall], 'open', `${wall} is not claimed`);
  }
});
