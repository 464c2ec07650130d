import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { pino } from 'pino';
import type { Alarm } from '../../../contracts/alarms.ts';
import type { CommandStatus, NewCommand } from '../../../contracts/command.ts';
import type { TableStore } from '../../../contracts/table-set.ts';
import { systemClock } from '../../../gateway/lib/clock.ts';
import { openLiveView } from '../../../gateway/live/open-live-view.ts';
import type { Deed } from '../../../gateway/rules/deeds.ts';
import { openRules } from '../../../gateway/rules/open-rules.ts';
import { ruleTables } from '../../../gateway/rules/tables.ts';
import { openTableStore } from '../../harness/table-store.ts';
import { waitUntil } from '../../harness/wait-until.ts';
import { berlin, paperDevices } from './rig.ts';

const log = pino({ enabled: false });

interface Site {
  readonly folder: string;
  readonly store: TableStore;
  /** Alarms that are open, over all lives. */
  readonly open: Set<string>;
}

function newSite(t: TestContext): Site {
  const store = openTableStore([ruleTables]);
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-acting-'));
  t.after(() => {
    store[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  return { folder, store, open: new Set() };
}

/** One life of the rules of a site with a door and a lamp. */
async function openLife(t: TestContext, { folder, store, open }: Site) {
  const live = openLiveView({ log });
  const [ops, taken]: [string[], NewCommand[]] = [[], []];
  const hand = { held: undefined as Promise<void> | undefined, release: (): void => undefined };
  const rules = await openRules(
    { folder, site: berlin, ownCommands: new Set() },
    {
      store,
      live,
      devices: paperDevices({ door: {}, lamp: {} }),
      states: () => [],
      knowsPlace: () => true,
      commands: {
        submit: async (command) => {
          const { held } = hand;
          hand.held = undefined;
          await held;
          taken.push(command);
          return {} as CommandStatus;
        },
      },
      alarms: {
        raise: async ({ code, subject }) => {
          ops.push(`raise ${code}`);
          open.add(`${code} ${subject}`);
          return {} as Alarm;
        },
        clear: async ({ code, subject }) => {
          ops.push(`clear ${code}`);
          open.delete(`${code} ${subject}`);
        },
      },
      history: undefined,
      clock: systemClock,
      clockDoubt: () => undefined,
      log,
    },
  );
  const close = async (): Promise<void> => {
    hand.release();
    await rules[Symbol.asyncDispose]();
  };
  t.after(close);
  const append = live.watch(() => Promise.resolve());
  const one = { text: '', device: 'door', cls: 'state', kind: 'state', ts: undefined, keys: ['contact'] } as const;
  return {
    rules,
    ops,
    taken,
    close,
    says: async (isShut: boolean): Promise<void> => {
      await append({ measurements: [{ ...one, values: [isShut] }], filtered: [], deadLetters: [], writes: [] });
    },
    /** The next command is not taken until the call of what this gives. */
    hold: (): (() => void) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      Object.assign(hand, { held: promise, release: resolve });
      return resolve;
    },
    allDone: () => waitUntil('nothing to be owed', async () => (await store.read('rules.owed', [])).length === 0),
  };
}

const when = { metric: 'contact', is: false, where: { device: 'door' } };
const lamp = (on: boolean) => ({ command: 'switch', args: { on }, to: { device: 'lamp' } });
const firings = async ({ store }: Site, rule: string): Promise<number> =>
  (await store.read('rules.firings', [rule, 1e9, 100])).length;

test('what a scope does keeps the order of its firings, and no alarm waits for a command', async (t) => {
  const site = newSite(t);
  const { rules, says, hold, ops, taken, allDone } = await openLife(t, site);
  const door = { id: 'door', name: 'Door', when, do: [lamp(true), { raise: 'DOOR' }], otherwise: [lamp(false)] };
  await rules.put(door);
  const release = hold();
  await says(false);
  await waitUntil('the alarm', () => site.open.size === 1);
  await says(true);
  await waitUntil('the second firing', async () => (await firings(site, 'door')) === 2);
  release();
  await allDone();
  assert.deepEqual([ops, [...site.open]], [['raise DOOR', 'clear DOOR'], []]);
  assert.deepEqual(
    taken.map(({ args }) => args['on']),
    [true, false],
  );
});

test('a flag is committed with the firing that sets it: the last one to set it is the one on disk', async (t) => {
  const site = newSite(t);
  const { rules, says, hold, allDone } = await openLife(t, site);
  const set = (on: boolean) => ({ flag: 'armed', set: on });
  await rules.put({ id: 'arm', name: 'Arm', when, do: [lamp(true), set(true)], otherwise: [set(false)] });
  const flags = async () => (await site.store.read('rules.flags', [])).map(({ is_on }) => is_on);
  const release = hold();
  await says(false);
  await waitUntil(
    'the flag to be on, there and here',
    async () => (await flags())[0] === 1 && rules.flags()['armed'] === true,
  );
  await says(true);
  await waitUntil('the flag to be off', async () => (await flags())[0] === 0);
  release();
  await allDone();
  assert.deepEqual([await flags(), rules.flags()], [[0], { armed: false }]);
});

test('a flag that a rule sets while a person sets it is here as it is on disk, whoever was last', async (t) => {
  const site = newSite(t);
  const gate = { open: Promise.resolve() };
  // Answers come after the commit, as from the writer thread.
  const write: TableStore['write'] = async (writes) => {
    await site.store.write(writes);
    await gate.open;
  };
  const { rules, says } = await openLife(t, { ...site, store: { ...site.store, write } });
  await rules.put({ id: 'disarm', name: 'Disarm', when, do: [{ flag: 'armed', set: false }] });
  const { promise, resolve } = Promise.withResolvers<void>();
  gate.open = promise;
  const armed = rules.setFlag('armed', true);
  await says(false);
  await waitUntil('the rule to set it', () => rules.flags()['armed'] === false);
  resolve();
  await armed;
  const [kept] = await site.store.read('rules.flags', []);
  assert.deepEqual([kept?.['is_on'], rules.flags()], [0, { armed: false }]);
});

test('flags that come together are bounded like those that come one after the other', async (t) => {
  const { rules } = await openLife(t, newSite(t));
  const set = await Promise.allSettled(Array.from({ length: 260 }, (_, n) => rules.setFlag(`f${n}`, true)));
  assert.equal(set.filter(({ status }) => status === 'rejected').length, 4);
  assert.equal(Object.keys(rules.flags()).length, 256);
});

test('of what an earlier life owed only what is still meant is done', async (t) => {
  const site = newSite(t);
  const before = await openLife(t, site);
  await before.rules.put({ id: 'here', name: 'Here', when, do: [lamp(true)] });
  await before.says(false);
  await waitUntil('a firing', () => before.taken.length === 1);
  await before.allDone();
  await before.close();
  const [clock] = await site.store.read('rules.readClock', []);
  const now = Number(clock?.['lived_ms']);
  const owe = (n: number, rule: string, lived: number, owed: readonly Deed[]): Promise<void> => {
    const firing = { rule, scope: 'house', n, at: 0, from: null, to: null, why: [], depth: 0, did: [], owed, lived };
    return site.store.write([{ statement: 'rules.putFiring', params: [n, rule, 1, JSON.stringify(firing)] }]);
  };
  const command = (id: string): Deed => ({
    do: 'command',
    command: { id, device: 'lamp', name: 'switch', args: {}, source: 'rules', priority: 4, ttlMs: 600_000 },
  });
  const about = { subject: 'gone@house', severity: 'high', detail: 'Gone.' } as const;
  await owe(11, 'here', now, [command('in time')]);
  await owe(12, 'here', now - 600_000, [command('late')]);
  const raise = { do: 'raise', code: 'GONE', latched: undefined, ...about } as const;
  await owe(13, 'gone', now, [command('of nobody'), raise, { do: 'notify', ...about }]);
  await owe(14, 'gone', now, [{ do: 'clear', code: 'OLD', subject: 'gone@house' }]);
  site.open.add('OLD gone@house');

  const after = await openLife(t, site);
  await after.allDone();
  assert.deepEqual(
    after.taken.map(({ id, ttlMs }) => [id, ttlMs <= 600_000 && ttlMs > 300_000]),
    [['in time', true]],
  );
  assert.deepEqual([after.ops, [...site.open]], [['clear OLD'], []]);
  const [late] = (await after.rules.firings({ rule: 'here', limit: 1 })).firings;
  assert.deepEqual([late?.did[0]?.outcome, late?.did[0]?.detail], ['not-tried', 'Its time was over.']);
});

test('that a rule is suspended is over when its file is gone, or another, at the next start', async (t) => {
  for (const meanwhile of ['gone', 'another'] as const) {
    const site = newSite(t);
    const { rules, says, close } = await openLife(t, site);
    await rules.put({
      id: 'door',
      name: 'Door',
      most: { times: 1, per: '10m' },
      when,
      do: [{ flag: 'open', set: true }],
    });
    await says(false);
    await says(true);
    await waitUntil('the rule to be suspended', () => site.open.has('RULE_SUSPENDED door@house'));
    await close();
    const file = join(site.folder, 'door.yaml');
    if (meanwhile === 'gone') rmSync(file);
    else writeFileSync(file, readFileSync(file, 'utf8').replace('times: 1', 'times: 9'));
    const after = await openLife(t, site);
    await waitUntil('the alarm to be over', () => site.open.size === 0);
    assert.deepEqual(after.ops, ['clear RULE_SUSPENDED']);
  }
});
