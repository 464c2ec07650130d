import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import type { Alarm } from '../../../contracts/alarms.ts';
import type { Entry, TextMeasurement } from '../../../contracts/pipeline.ts';
import type { RuleDocument } from '../../../contracts/rule.ts';
import { systemClock } from '../../../gateway/lib/clock.ts';
import { openLiveView } from '../../../gateway/live/open-live-view.ts';
import { openRules } from '../../../gateway/rules/open-rules.ts';
import { ruleTables } from '../../../gateway/rules/tables.ts';
import { openTableStore } from '../../harness/table-store.ts';
import { waitUntil } from '../../harness/wait-until.ts';
import { berlin, paperDevices } from './rig.ts';

const log = pino({ enabled: false });
type House = Parameters<typeof paperDevices>[0];

/** The running rules over a real live view and real tables, in a house that a test rebuilds. */
async function site(t: TestContext, rule: RuleDocument, house: Record<string, House[string]>) {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-rules-'));
  const store = openTableStore([ruleTables]);
  const live = openLiveView({ log });
  const raised = new Set<string>();
  const world = { doubt: undefined as string | undefined };
  const rules = await openRules(
    { folder, site: berlin },
    {
      store,
      live,
      devices: paperDevices(house),
      states: () => [],
      commands: { submit: () => Promise.reject(new Error('no command is expected')) },
      alarms: {
        raise: async ({ code, subject }) => {
          raised.add(`${code} ${subject}`);
          return {} as Alarm;
        },
        clear: async ({ code, subject }) => void raised.delete(`${code} ${subject}`),
      },
      history: undefined,
      clock: systemClock,
      clockDoubt: () => world.doubt,
      log,
    },
  );
  t.after(async () => {
    await rules[Symbol.asyncDispose]();
    store[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  await rules.put(rule);
  const append = live.watch(() => Promise.resolve());
  const stored = (measurements: Entry['measurements']): Promise<void> =>
    append({ measurements, filtered: [], deadLetters: [], writes: [] });
  return {
    rules,
    raised,
    world,
    says: (device: string, keys: readonly string[], values: TextMeasurement['values']) =>
      stored([{ text: '', device, cls: 'state', kind: 'state', ts: undefined, keys, values }]),
    changed: (device: string) => stored([{ text: '{"subject":"device"}', device, cls: 'state', kind: 'change' }]),
  };
}

test('a device that moves or leaves while rules run counts where it is, and its alarms go with it', async (t) => {
  const house: Record<string, House[string]> = { door: { room: 'Hall' } };
  const open = { id: 'open', name: 'Open', per: 'room', when: { metric: 'contact', is: true } } as const;
  const { raised, says, changed } = await site(t, { ...open, do: [{ raise: 'OPEN' }] }, house);
  await says('door', ['contact'], [true]);
  await waitUntil('the alarm of the hall', () => raised.has('OPEN open@p-Hall'));

  house['door'] = { room: 'Bath' };
  await changed('door');
  await waitUntil('the hall to be shut', () => raised.size === 0);
  await says('door', ['contact'], [true]);
  await waitUntil('the alarm of the bath', () => raised.has('OPEN open@p-Bath'));

  await changed('door');
  await says('door', ['contact'], [true]);
  delete house['door'];
  await changed('door');
  await waitUntil('the alarm to be over with its device', () => raised.size === 0);
  await says('door', ['contact'], [true]);
  assert.equal(raised.size, 0);
});

test('a schedule is held while nobody knows what time it is, says so, and goes on when the clock is set', async (t) => {
  const always = { time: { from: '00:00', to: '00:00' } };
  const night = {
    id: 'night',
    name: 'Night',
    when: { all: [{ metric: 'contact', is: true }, { any: [always, { not: always }] }] },
    do: [{ raise: 'NIGHT' }],
  };
  const { rules, raised, world, says } = await site(t, night, { door: {} });
  world.doubt = 'The clock was never set.';
  assert.deepEqual([rules.show('night').state, rules.show('night').because], ['held', 'The clock was never set.']);
  // What the file system said of the clock stands for a second.
  await sleep(1_100);
  await says('door', ['contact'], [true]);
  await sleep(50);
  assert.equal(raised.size, 0);

  world.doubt = undefined;
  assert.equal(rules.show('night').state, 'ready');
  await waitUntil('the alarm', async () => {
    await says('door', ['contact'], [false]);
    await says('door', ['contact'], [true]);
    return raised.size > 0;
  });
});
