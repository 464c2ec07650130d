import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { fencedSink, openFence } from '../../gateway/delivery/fence.ts';
import { startDeliveryLoop } from '../../gateway/delivery/delivery-loop.ts';
import { tuyaTables } from '../../gateway/delivery/tuya/tables.ts';
import { openTuyaSink } from '../../gateway/delivery/tuya/tuya-sink.ts';
import { systemClock } from '../../gateway/lib/clock.ts';
import { startCloud, type TestCloud } from '../harness/cloud.ts';
import { waitUntil } from '../harness/wait-until.ts';
import { silent as log, tempDir } from '../unit/buffer/buffer-fixture.ts';
import { MemoryOutlet } from '../unit/delivery/memory-outlet.ts';
import { openTables } from '../unit/delivery/tuya/sqlite-table-store.ts';

/** One of several gateways that are called `attic`, delivering to the cloud. */
async function gateway(t: TestContext, { cloud }: TestCloud, epoch: number, letter: string, dataDir?: string) {
  const stack = new AsyncDisposableStack();
  t.after(() => stack.disposeAsync());
  const folder = dataDir ?? (await tempDir(t));
  const identity = { epoch, instance: letter.repeat(16) };
  const fence = stack.use(await openFence({ dataDir: folder, gateway: 'attic', identity, log }));
  const { url: endpoint, clientId, secret, ca } = cloud;
  const options = { endpoint, clientId, secret, ca, productId: 'p1', batch: false, callsPerSecond: 10_000 };
  const store = stack.use(openTables(tuyaTables));
  const far = stack.use(openTuyaSink(options, { store, clock: systemClock, log, fence }));
  const outlet = new MemoryOutlet();
  const loop = stack.use(startDeliveryLoop({ sink: fencedSink(far, fence), outlet, log, clock: systemClock }));
  const delivers = async (): Promise<void> => {
    outlet.add('normal', 'dev:1');
    await waitUntil('it is delivered', () => outlet.count('open') === 0, 20_000);
  };
  return { folder, fence, outlet, loop, delivers, stop: () => stack.disposeAsync() };
}

test('the cloud hears the restored gateway alone; the old one keeps what it has, also over a restart', async (t) => {
  const cloud = await startCloud(t);
  const old = await gateway(t, cloud, 1, 'a');
  await old.delivers();
  const restored = await gateway(t, cloud, 2, 'b');
  await restored.delivers();
  old.outlet.add('normal', 'dev:1');
  await waitUntil('the old one is shut out', () => old.fence.signal.aborted);
  await waitUntil('it stops', () => old.loop.status().state === 'stopped');
  old.loop.resume();
  await waitUntil('it stops again', () => old.loop.status().state === 'stopped');
  assert.equal(old.outlet.count('open'), 1);
  await old.stop();

  const again = await gateway(t, cloud, 1, 'a', old.folder);
  assert.ok(again.fence.signal.aborted);
  const copy = await gateway(t, cloud, 2, 'c');
  copy.outlet.add('normal', 'dev:1');
  await waitUntil('a second copy of the same passport is shut out', () => copy.fence.signal.aborted);
  await restored.delivers();
  const rows = await cloud.received();
  assert.ok(rows.every(({ effects }) => effects === 1));
});
