import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import type { Manifest } from '../../../contracts/passport.ts';
import { openPassportDesk, type DeskOrder, type DeskResult } from '../../../gateway/passport/desk.ts';
import { tempDir } from '../buffer/buffer-fixture.ts';
import { orderFor, passphrase } from './passport-fixture.ts';

const contents = { tables: { registry_devices: 3 }, sinks: [], lastLsn: 0, whole: true };
const manifest: Manifest = { v: 2, gateway: 'gw-test', epoch: 1, version: '0.1.0', madeAt: 0, contents, files: [] };

async function openOne(t: TestContext, answer: (order: DeskOrder) => Promise<DeskResult>) {
  const dataDir = await tempDir(t);
  for (const name of ['passport-made', 'passport-made.4711.tmp'])
    await writeFile(join(dataDir, name), 'of a life before');
  let restarts = 0;
  const restart = (): void => void restarts++;
  const desk = await openPassportDesk({ dataDir, order: () => orderFor(dataDir), ask: answer, restart });
  return { dataDir, desk, restarts: () => restarts };
}
const parts = (text: string): Readable => Readable.from([Buffer.from(text)]);

test('a passport that was made is kept for its maker, one at a time, and gone after a start', async (t) => {
  const held = Promise.withResolvers<void>();
  const { dataDir, desk } = await openOne(t, async (order) => {
    assert.ok('make' in order);
    await held.promise;
    await writeFile(order.make.out, 'sealed');
    return { made: { bytes: 6, manifest } };
  });
  assert.deepEqual(await readdir(dataDir), []);
  await assert.rejects(desk.file(), { code: 'NOT_FOUND' });
  const making = desk.make(passphrase);
  await assert.rejects(desk.make(passphrase), { code: 'OVERLOADED' });
  held.resolve();
  assert.deepEqual([(await making).bytes, (await making).found.devices], [6, 3]);
  const { content, name } = await desk.file();
  assert.deepEqual([(await buffer(content)).toString(), name], ['sealed', 'gw-test-1970-01-01.passport']);
});

test('a passport comes in parts, is laid down when it is proven, and the gateway starts anew for it', async (t) => {
  let proof: DeskResult = {
    refused: { code: 'PASSPORT_REFUSED', message: 'The passphrase does not open this passport.' },
  };
  const { dataDir, desk, restarts } = await openOne(t, async (order) => {
    assert.ok('arrive' in order);
    assert.equal(await readFile(order.arrive.file, 'utf8'), 'first second');
    return proof;
  });
  await assert.rejects(desk.arrive(passphrase), { code: 'NOT_FOUND' });
  await desk.receive(0, parts('an attempt before'));
  assert.deepEqual(await desk.receive(0, parts('first ')), { bytes: 6 });
  await assert.rejects(desk.receive(7, parts('second')), { code: 'CONFLICT' });
  const breaksOff = Readable.from(
    (function* () {
      yield Buffer.from('sec');
      throw new Error('the Wi-Fi is gone');
    })(),
  );
  await assert.rejects(desk.receive(6, breaksOff), /Wi-Fi/);
  assert.deepEqual(await desk.receive(6, parts('second')), { bytes: 12 });
  await assert.rejects(desk.arrive(passphrase), { code: 'PASSPORT_REFUSED', message: /does not open/ });
  assert.equal(restarts(), 0);
  proof = { came: manifest };
  assert.equal((await desk.arrive(passphrase)).gateway, 'gw-test');
  assert.deepEqual([restarts(), desk.state().waits?.devices], [1, 3]);
  await mkdir(join(dataDir, 'passport-arrival'));
  await desk.withdraw();
  assert.deepEqual([existsSync(join(dataDir, 'passport-arrival')), desk.state().waits], [false, undefined]);
});
