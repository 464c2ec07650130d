import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import type { Alarm } from '../../../contracts/alarms.ts';
import type { Entry, TextMeasurement } from '../../../contracts/pipeline.ts';
import type { RuleDocument } from '../../../contracts/rule.ts';
import { systemClock } from '../../../gateway/lib/clock.ts';
import { openLiveView } from '../../../gateway/live/open-live-view.ts';
import { listen } from '../../../gateway/observability/channels.ts';
import type { Told } from '../../../gateway/rules/core/feeding.ts';
import { openRules } from '../../../gateway/rules/open-rules.ts';
import { ruleTables } from '../../../gateway/rules/tables.ts';
import { openTableStore } from '../../harness/table-store.ts';
import { waitUntil } from '../../harness/wait-until.ts';
import { berlin, paperDevices } from './rig.ts';

const log = pino({ enabled: false });
type House = Parameters<typeof paperDevices>[0];

/** The running rules over a real live view and real tables, in a house that a test rebuilds. */
async function site(
  t: TestContext,
  rule: RuleDocument,
  house: Record<string, House[string]>,
  files: Readonly<Record<string, RuleDocument>> = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-rules-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), JSON.stringify(content));
  const store = openTableStore([ruleTables]);
  const live = openLiveView({ log });
  const raised = new Set<string>();
  const states: (Told & { ageMs: number })[] = [];
  const world = { doubt: undefined as string | undefined };
  const rules = await openRules(
    { folder, site: berlin, ownCommands: new Set(['boost']) },
    {
      store,
      live,
      devices: paperDevices(house),
      knowsPlace: (place) => place === 'Kitchen',
      states: () => states,
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
    states,
    world,
    says: (device: string, keys: readonly string[], values: TextMeasurement['values']) =>
      stored([{ text: '', device, cls: 'state', kind: 'state', ts: undefined, keys, values }]),
    /** Says more at once than one subscriber is kept for. */
    floods: async (device: string, many: number): Promise<void> => {
      const one = {
        text: '',
        device,
        cls: 'telemetry',
        kind: 'telemetry',
        ts: undefined,
        keys: ['temperature'],
      } as const;
      await stored(Array.from({ length: many }, (_, n) => ({ ...one, values: [n % 20] })));
      await immediate();
    },
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

test('rules that devices leave behind say so, and look at how devices are when it is over', async (t) => {
  const warm = { id: 'warm', name: 'Warm', per: 'device', when: { metric: 'temperature', above: 30 } } as const;
  const { states, raised, floods } = await site(t, { ...warm, do: [{ raise: 'WARM' }] }, { stove: {}, door: {} });
  const told: string[] = [];
  using _listening = listen('alarm', ({ code, active }) => told.push(`${code} ${active}`));
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const pass = (seconds: number): void => {
    for (let n = 0; n < seconds * 2; n++) t.mock.timers.tick(500);
  };
  await floods('door', 3_000);
  pass(9);
  await floods('door', 3_000);
  pass(9);
  assert.deepEqual(told, ['rules-behind true']);
  // What the stove said was among what was lost; its twin knows it.
  states.push({ device: 'stove', word: 'temperature', value: 40, ageMs: 0 });
  pass(2);
  t.mock.timers.reset();
  assert.deepEqual(told, ['rules-behind true', 'rules-behind false']);
  await waitUntil('the alarm of the stove', () => raised.has('WARM stove'));
});

test('a command that rules may not use is refused before it is kept; what is on disk already does the rest', async (t) => {
  const lamp = { id: 'lamp', name: 'Lamp', when: { metric: 'contact', is: true } };
  const old = { ...lamp, id: 'old', do: [{ raise: 'OPEN' }, { command: 'swich', to: { device: 'door' } }] };
  const good = { ...lamp, do: [{ command: 'boost', to: { device: 'door' } }] };
  const { rules, raised, says } = await site(t, good, { door: {} }, { 'old.yaml': old });

  const swich = /\n {2}otherwise\.0\.command: .*"swich"; did you mean "switch"\?$/;
  const wrong = { ...good, otherwise: [{ command: 'swich', to: {} }] };
  await assert.rejects(rules.check(wrong), { code: 'CONFIG_INVALID', message: swich });
  await assert.rejects(rules.put(wrong), { code: 'CONFIG_INVALID', message: swich });
  const far = { ...lamp, do: undefined, when: undefined, choose: [{ do: [{ command: 'set' }] }] };
  await assert.rejects(rules.check(far), {
    message: /choose\.0\.do\.0\.command: .*"set"; name it in limits\.commands/,
  });

  await says('door', ['contact'], [true]);
  await waitUntil('the alarm of the old rule', () => raised.has('OPEN old@house'));
});

test('a check tells which metrics, places and devices are not here', async (t) => {
  const rule = { id: 'bath', name: 'Bath', when: { metric: 'humidity', above: 70 }, do: [] };
  const { rules } = await site(t, rule, { door: {} });
  const where = { place: ['Kitchen', 'Nope/No'] };
  const many = [
    { metric: ['humidty', 'x.json.n'], above: 70, where },
    { metric: 'motion', is: true, where: { device: 'door' } },
  ];
  const { warnings } = await rules.check({
    ...rule,
    when: { any: many },
    do: [{ command: 'switch', to: { device: 'dor' } }],
  });
  assert.deepEqual(warnings, [
    'No metric is called "humidty"; did you mean "humidity"?',
    'There is no place "Nope/No".',
    'There is no device "dor" at work here.',
  ]);
  assert.deepEqual((await rules.check(rule)).warnings, []);
});

const flags = (id: string, flag: string, ...sets: readonly string[]): RuleDocument => ({
  id,
  name: id,
  when: { flag },
  do: sets.map((each) => ({ flag: each, set: true })),
});

test('a circle that nobody meant is refused, also where another one that is meant leads the same way', async (t) => {
  const { rules } = await site(t, flags('x', 'fx', 'fa', 'fc'), {});
  await rules.put(flags('b', 'fb', 'fx'));
  await rules.put({ ...flags('a', 'fa', 'fb'), mayLoop: true });
  const unmeant = flags('c', 'fc', 'fb');
  assert.deepEqual((await rules.check(unmeant)).loops, [['b', 'x', 'c']]);
  await assert.rejects(rules.put(unmeant), { code: 'CONFIG_INVALID', message: /: b → x → c → b\./ });
  await rules.put({ ...unmeant, mayLoop: true });
});

test('a rule that is off and would close a circle is not switched on, nor do two that close one come together', async (t) => {
  const { rules } = await site(t, flags('a', 'fa', 'fb'), {});
  const refused = { code: 'CONFIG_INVALID', message: /: a → b → a\./ };
  await rules.turn('a', false);
  await rules.put(flags('b', 'fb', 'fa'));
  await assert.rejects(rules.turn('a', true), refused);
  assert.equal(rules.show('a').state, 'off');

  await rules.turn('b', false);
  const both = await Promise.allSettled([rules.turn('a', true), rules.turn('b', true)]);
  assert.deepEqual(
    both.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
  const added = await Promise.allSettled([rules.put(flags('c', 'fc', 'fd')), rules.put(flags('d', 'fd', 'fc'))]);
  assert.deepEqual(
    added.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
  await rules.put({ ...flags('b', 'fb', 'fa'), mayLoop: true });
  await rules.turn('b', false);
  assert.deepEqual((await rules.turn('b', true)).loops, [['a', 'b']]);
});
