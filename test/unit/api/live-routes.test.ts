import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listenApi } from '../../../gateway/api/listen-api.ts';
import { openLiveFeed } from '../../../gateway/api/live-feed.ts';
import { liveRoutes } from '../../../gateway/api/live-routes.ts';
import { openLiveView } from '../../../gateway/live/open-live-view.ts';
import { waitUntil } from '../../harness/wait-until.ts';
import { loopback, plainParts } from './api-parts.ts';
import { asking, openAccessRig } from '../access/access-fixture.ts';
import { VirtualTime } from '../delivery/virtual-time.ts';

test('live data of an area stops for whoever loses it, at the next sign of life, and the stream ends with the login', async (t) => {
  const { access, store } = await openAccessRig(t);
  const time = new VirtualTime();
  const live = openLiveView(plainParts);
  using feed = openLiveFeed(live, time);
  await using api = await listenApi(loopback, {
    routes: liveRoutes(feed),
    access,
    store,
    ...plainParts,
  });
  const append = live.watch(() => Promise.resolve());
  const password = 'three odd words';
  const { account } = await access.accounts.addAccount({ name: 'Eve', role: 'viewer', areas: ['east'], password });
  const { token } = await access.login(asking(), 'Eve', password);
  const stream = await fetch(`http://127.0.0.1:${api.port}/api/v1/live`, {
    headers: { cookie: `portcullis=${token}` },
  });
  let [seen, isOver] = ['', false];
  const reading = (async () => {
    for await (const chunk of stream.body ?? []) seen += Buffer.from(chunk).toString();
  })()
    .catch(() => undefined)
    .finally(() => (isOver = true));
  // Behind the stream, in the order in which the view shows.
  let shown = 0;
  using _ = live.subscribe({ name: 'test', wants: () => true, take: () => (shown += 1) });
  /** Resolves when the view has shown it. */
  const measure = async (value: number): Promise<void> => {
    const text = JSON.stringify({ dev: { id: 'east1' }, m: [{ n: 'temperature', v: value }] });
    const before = shown;
    const measurements = [{ text, device: 'east1', cls: 'telemetry', kind: 'telemetry' } as const];
    await append({ measurements, filtered: [], deadLetters: [], writes: [] });
    await waitUntil('the view to show it', () => shown > before);
  };
  const signs = (): number => seen.split(': still here').length - 1;

  await measure(20);
  await waitUntil('the record of their area', () => seen.includes('"v":20'));
  await access.accounts.editAccount({ id: account.id, areas: ['west'] });
  await time.advance(15_000);
  await waitUntil('a sign of life', () => signs() === 1);
  await measure(30);
  await access.accounts.editAccount({ id: account.id, areas: ['east'] });
  await time.advance(15_000);
  await measure(40);
  await waitUntil('the record after the area came back', () => seen.includes('"v":40'));
  assert.doesNotMatch(seen, /"v":30/);

  await access.accounts.editAccount({ id: account.id, disabled: true });
  await time.advance(15_000);
  await waitUntil('the end', () => isOver);
  await reading;
});
