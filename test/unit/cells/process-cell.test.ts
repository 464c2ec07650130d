import assert from 'node:assert/strict';
import { readFile, readdir, readlink } from 'node:fs/promises';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { launchHere } from '../../../gateway/cells/launch.ts';
import { openProcessCell } from '../../../gateway/cells/process-cell.ts';
import type { ProcessCell } from '../../../gateway/cells/process-cell.ts';
import { deps, planOf, source, wireEnvelope } from './plugins.ts';

type Changes = Parameters<typeof planOf>[2];

async function open(t: TestContext, text: string, changes: Changes = {}): Promise<ProcessCell> {
  const cell = await openProcessCell(await planOf(t, text, changes), deps);
  assert.ok('call' in cell, JSON.stringify(cell));
  t.after(() => cell[Symbol.asyncDispose]());
  return cell;
}

async function fault(t: TestContext, text: string, changes: Changes = {}) {
  const cell = await openProcessCell(await planOf(t, text, changes), deps);
  if ('call' in cell) await cell[Symbol.asyncDispose]();
  assert.ok('code' in cell, 'it started');
  return cell;
}

const decode = (cell: ProcessCell, text = '1') =>
  cell.call({ is: 'decode', envelope: wireEnvelope(text), teaches: true });

const reading = `{ device: 'probe:a', kind: 'telemetry', metrics: [{ n: 'temperature', key: 't', value: 21 }] }`;

test('a cell describes its plugin, decodes, learns and forgets', async (t) => {
  const cell = await open(
    t,
    source({
      decode: `return [{ ...${reading}, meta: { known: knowledge.get('a') ?? 'nothing', text: new TextDecoder().decode(envelope.payload) } }];`,
      more: `teaches: ['probe/a'], learn: () => [{ key: 'a', value: 'yes' }], claims: (k) => [...k.keys()],`,
    }),
  );
  assert.deepEqual(cell.described, { proto: 'probe', topics: ['probe/#'], teaches: ['probe/a'], commands: [] });
  const answer = await decode(cell, 'hello');
  assert.ok(answer.is === 'decoded');
  assert.deepEqual(answer.lessons, [{ key: 'a', json: '"yes"' }]);
  assert.deepEqual(answer.readings[0]?.meta, { known: 'yes', text: 'hello' });
  assert.deepEqual(await cell.call({ is: 'claims' }), { is: 'claims', topics: ['a'] });
  await cell.call({ is: 'know', full: true, changes: [{ key: 'b', json: '1' }] });
  assert.deepEqual(await cell.call({ is: 'claims' }), { is: 'claims', topics: ['b'] });
});

test('the child sees no environment and no descriptor of the gateway but its socket pair', async (t) => {
  const cell = await open(t, source());
  assert.equal((await readFile(`/proc/${cell.pid}/environ`, 'utf8')).replaceAll('\0', ''), '');
  const open_ = await Promise.all(
    (await readdir(`/proc/${cell.pid}/fd`)).map(
      async (fd) => [Number(fd), await readlink(`/proc/${cell.pid}/fd/${fd}`)] as const,
    ),
  );
  for (const [fd, target] of open_) {
    if (fd < 3) assert.equal(target, '/dev/null');
    else if (fd === 3) assert.match(target, /^socket:/);
    else assert.match(target, /^(pipe:|anon_inode:|\/dev\/null)/, `descriptor ${fd}`);
  }
});

test('the kernel bounds what a cell writes to: memory, files, descriptors', async (t) => {
  const cell = await open(t, source());
  const limits = await readFile(`/proc/${cell.pid}/limits`, 'utf8');
  const hardLimit = (what: string): number => Number(new RegExp(`^${what} +\\S+ +(\\d+)`, 'm').exec(limits)?.[1]);
  assert.equal(hardLimit('Max file size'), 0);
  assert.equal(hardLimit('Max open files'), 64);
  assert.ok(hardLimit('Max data size') < 1024 ** 3);
});

test('a stop of the whole process group leaves a cell to its gateway, and it can gain no privilege', async (t) => {
  const cell = await open(t, source());
  assert.match(await readFile(`/proc/${cell.pid}/status`, 'utf8'), /^NoNewPrivs:\t1$/m);
  process.kill(cell.pid, 'SIGTERM');
  process.kill(cell.pid, 'SIGINT');
  assert.equal((await decode(cell)).is, 'decoded');
});

test('an error of the plugin is an answer and costs nothing else', async (t) => {
  const cell = await open(t, source({ decode: `throw new Error('no such device');` }));
  for (let i = 0; i < 2; i++) {
    const detail = 'no such device';
    assert.deepEqual(await decode(cell), { is: 'refused', code: 'decode-failed', detail, error: 'Error' });
  }
});

test('an endless call is ended at its deadline', async (t) => {
  const cell = await open(t, source({ decode: 'for (;;);' }), { limits: { callMs: 300 } });
  assert.equal((await decode(cell)).is, 'hung');
  assert.match((await cell.ended).detail, /no answer within 300 ms/);
});

test('an answer that came while the gateway itself stood still is in time', async (t) => {
  const cell = await open(t, source(), { limits: { callMs: 300 } });
  await decode(cell);
  const answer = decode(cell);
  await new Promise(setImmediate);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 900);
  assert.equal((await answer).is, 'decoded');
});

test('memory outside the heap is limited as well', async (t) => {
  const hoard = `globalThis.hoard ??= []; for (;;) globalThis.hoard.push(new Uint8Array(8_000_000).fill(1));`;
  const cell = await open(t, source({ decode: hoard }), { limits: { callMs: 20_000 } });
  const answer = await decode(cell);
  // The kernel's limit refuses the memory, or the watchdog ends the process: whichever looks first.
  if (answer.is === 'refused') assert.match(answer.detail, /Array buffer allocation failed/);
  else assert.equal(answer.is, 'crashed');
});

test('an answer that breaks the schema is PC-R204 and ends the process', async (t) => {
  const cell = await open(t, source({ decode: `return [{ device: 7 }];` }));
  const answer = await decode(cell);
  assert.deepEqual(answer.is, 'broken');
  assert.match((await cell.ended).detail, /schema/);
});

test('a message longer than granted is never held in memory', async (t) => {
  const text = `return [{ ...${reading}, meta: { big: 'x'.repeat(3_000_000) } }];`;
  const cell = await open(t, source({ decode: text }));
  assert.equal((await decode(cell)).is, 'broken');
  assert.match((await cell.ended).detail, /longer/);
});

test('a module with a "then" is refused without its then being called', async (t) => {
  const then = `export function then(give) { give({ default: { decode() {} } }); }`;
  assert.equal((await fault(t, source({ top: then }))).code, 'PC-S105');
});

test('a live shape that differs from the checked one is PC-R203', async (t) => {
  assert.equal((await fault(t, source({ top: 'export const more = 1;' }))).code, 'PC-R203');
  const expected = { contract: { closed: true, exports: [{ name: 'default', kind: 'function' as const }] } };
  assert.equal((await fault(t, source(), { expected })).code, 'PC-R203');
});

test('loading that patches a global is PC-R205', async (t) => {
  assert.equal((await fault(t, source({ top: 'Array.prototype.map = () => [];' }))).code, 'PC-R205');
  assert.equal((await fault(t, source({ top: 'globalThis.leak = 1;' }))).code, 'PC-R205');
  assert.equal((await fault(t, source({ top: 'globalThis.Headers = class {};' }))).code, 'PC-R205');
});

test('a plugin that throws, ends or hangs while it loads is PC-R201 or PC-R202', async (t) => {
  assert.equal((await fault(t, source({ top: `throw new Error('x');` }))).code, 'PC-R201');
  assert.equal((await fault(t, source({ top: `for (;;);` }), { limits: { startupMs: 1_500 } })).code, 'PC-R202');
});

test('only granted imports load', async (t) => {
  const refused = await fault(t, source({ top: `import 'node:fs';` }));
  assert.match(`${refused.code} ${refused.detail}`, /PC-R201 PC-D101/);
  const granted = await planOf(t, source({ top: `import 'node:util';` }));
  const cell = await openProcessCell({ ...granted, fence: { ...granted.fence, builtins: ['node:util'] } }, deps);
  assert.ok('call' in cell);
  await cell[Symbol.asyncDispose]();
});

test('a cell has a lower priority than the gateway in all of its threads', async (t) => {
  const cell = await open(t, source());
  for (const thread of await readdir(`/proc/${cell.pid}/task`)) assert.equal(await niceOf(cell.pid, thread), 10);
});

test('a cell that starts again has the lower priority before it runs a line', async (t) => {
  const launched = await launchHere(await planOf(t, source()), undefined, true);
  t.after(() => launched.kill());
  const pid = launched.pid() ?? 0;
  assert.equal(await niceOf(pid, `${pid}`), 10);
});

/** proc_pid_stat(5): nice is field 19, state after the name field 3. */
async function niceOf(pid: number, thread: string): Promise<number> {
  const stat = await readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
}

test('a cell that says much is asked less often; what it said counts, and nobody waits for ever', async (t) => {
  const talk = `return Array.from({ length: 40 }, () => ({ ...${reading}, meta: { text: 'x'.repeat(1_000) } }));`;
  const cell = await open(t, source({ decode: talk }), { limits: { bytesPerSecond: 64 * 1024, callMs: 1_000 } });
  const begun = performance.now();
  for (let i = 0; i < 4; i++) {
    const answer = await decode(cell);
    assert.ok(answer.is === 'decoded' && answer.readings.length === 40, answer.is);
  }
  // Four times 44 KiB at 64 KiB a second, one second of which was saved up.
  assert.ok(performance.now() - begun > 1_000);
});
