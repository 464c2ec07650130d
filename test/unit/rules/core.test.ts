import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RuleDocument } from '../../../contracts/rule.ts';
import { listen } from '../../../gateway/observability/channels.ts';
import type { Told } from '../../../gateway/rules/core/feeding.ts';
import { bench, compiled, paperDevices, Bench } from './rig.ts';

const house = paperDevices({
  t1: { room: 'Bath' },
  t2: { room: 'Bath' },
  t3: { room: 'Hall' },
  lamp: { room: 'Hall' },
});
const rule = (rest: Partial<RuleDocument>): RuleDocument => ({ id: 'r', name: 'r', ...rest });

test('a threshold is reached above, and over again only below where it clears', async () => {
  const one = await bench([rule({ per: 'device', when: { metric: 'temperature', above: 30, clear: 28 } })], house);
  for (const [second, value] of [29, 30, 30.1, 29, 28.5, 31, 28, 30].entries())
    one.says(second, 't1', { temperature: value });
  assert.deepEqual(one.fired, ['2 t1 -→on', '6 t1 on→-']);
});

test('whatever the values are, a threshold with hysteresis changes only when the whole band was crossed', async () => {
  const when = { metric: 'temperature', above: 30, clear: 28 };
  const one = await compiled(rule({ per: 'device', when, most: { times: 60, per: '1s' } }));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.double({ min: 20, max: 40, noNaN: true }), { maxLength: 60 }), async (values) => {
      const run = new Bench(house);
      run.engine.add(one);
      values.forEach((value, second) => run.says(second, 't1', { temperature: value }));
      let [on, expected] = [false, 0];
      for (const value of values) {
        const next = on ? value > 28 : value > 30;
        if (next !== on) expected += 1;
        on = next;
      }
      assert.equal(run.fired.length, expected);
    }),
  );
});

test('a delay is exact, and begins anew when the condition was over meanwhile', async () => {
  const one = await bench(
    [rule({ when: { metric: 'contact', is: true, where: { device: 't1' } }, for: '90s' })],
    house,
  );
  one.says(10, 't1', { contact: true });
  one.says(60, 't1', { contact: false });
  one.says(61, 't1', { contact: true });
  one.says(100, 't1', { contact: true });
  one.until(1_000);
  assert.deepEqual(one.fired, ['151 house -→on']);
  assert.equal(one.engine.nextDue, undefined, 'nothing wakes the machine while nothing is due');
});

test('a rise counts within its time and no longer', async () => {
  const when = { metric: 'temperature', rises: 5, within: '1m', clear: 2 };
  const one = await bench([rule({ per: 'device', when })], house);
  for (const [second, value] of [
    [0, 20],
    [30, 22],
    [80, 26],
    [85, 27],
  ] as const)
    one.says(second, 't1', { temperature: value });
  assert.deepEqual(one.fired, ['85 t1 -→on']);
  one.until(400);
  assert.deepEqual(one.fired.slice(1), ['90 t1 on→-'], 'it is over when the low value is a minute old');
});

test('silence is told when it has lasted, and is over with the first word', async () => {
  const one = await bench([rule({ per: 'device', when: { silent: '10m', where: { place: 'Bath' } } })], house);
  one.engine.expect('t2', one.at(0));
  one.look(0);
  one.says(0, 't1', { humidity: 40 });
  one.says(300, 't1', {});
  one.until(900);
  assert.deepEqual(one.fired, ['600 t2 -→on', '900 t1 -→on']);
  one.says(1_000, 't1', { humidity: 41 });
  one.says(1_001, 't2', { humidity: 41 });
  assert.deepEqual(one.fired.slice(2), ['1000 t1 on→-', '1001 t2 on→-']);
});

test('several devices are any, all, or one number', async () => {
  const where = { place: 'Home/Bath' };
  const one = await bench(
    [
      rule({ id: 'any', when: { metric: 'temperature', above: 30, where } }),
      rule({ id: 'all', when: { metric: 'temperature', above: 30, where, over: 'all' } }),
      rule({ id: 'mean', when: { metric: 'temperature', above: 30, where, over: 'mean' } }),
    ],
    house,
  );
  const ids = (): string[] =>
    one.effects.flatMap((effect) => (effect.is === 'fired' ? [`${effect.instance.rule.id} ${effect.to}`] : []));
  one.says(0, 't1', { temperature: 20 });
  one.says(1, 't2', { temperature: 35 });
  one.says(1, 't3', { temperature: 99 });
  assert.deepEqual(ids(), ['any 0']);
  one.says(2, 't1', { temperature: 28 });
  assert.deepEqual(ids().slice(1), ['mean 0']);
  one.says(3, 't1', { temperature: 31 });
  assert.deepEqual(ids().slice(2), ['all 0']);
});

test('what a message says at once is looked at together', async () => {
  const when = {
    all: [
      { metric: 'occupancy', is: true },
      { metric: 'illuminance', below: 40 },
    ],
  };
  const one = await bench([rule({ per: 'device', when })], house);
  one.says(0, 't1', { illuminance: 10, occupancy: false });
  one.says(1, 't1', { occupancy: true, illuminance: 500 });
  assert.deepEqual(one.fired, []);
});

test('a condition of which nothing is known is neither true nor false, and keeps what is chosen', async () => {
  const one = await bench(
    [rule({ per: 'room', when: { not: { metric: 'occupancy', is: true, maxAge: '1m' } } })],
    house,
  );
  one.says(0, 't1', { temperature: 20 });
  one.until(10);
  assert.deepEqual(one.fired, []);
  one.says(20, 't1', { occupancy: false });
  assert.deepEqual(one.fired, ['20 p-Bath -→on']);
  one.until(500);
  assert.equal(one.fired.length, 1, 'the value is too old by now');
});

test('a press of a button fires each time', async () => {
  const one = await bench([rule({ when: { metric: 'action', is: 'single' } })], house);
  one.says(0, 't1', { action: 'single' }, true);
  one.says(5, 't1', { action: 'single' }, true);
  one.says(6, 't1', { action: 'double' }, true);
  assert.deepEqual(one.fired, ['0 house -→on', '0 house on→-', '5 house -→on', '5 house on→-']);
});

test('of several cases the first that holds is chosen', async () => {
  const choose = [
    { name: 'window', when: { metric: 'contact', is: true } },
    { name: 'home', when: { metric: 'occupancy', is: true } },
    { name: 'away' },
  ];
  const one = await bench([rule({ per: 'room', choose })], house);
  one.says(0, 't1', { occupancy: true });
  one.says(1, 't2', { contact: true });
  one.says(2, 't1', { occupancy: false });
  one.says(3, 't2', { contact: false });
  assert.deepEqual(one.fired, ['0 p-Bath -→home', '1 p-Bath home→window', '3 p-Bath window→away']);
});

test('a second firing waits for the cooldown, and a scope that fires too often rests', async () => {
  const when = { metric: 'contact', is: true };
  const one = await bench([rule({ when, cooldown: '10s' })], house);
  one.says(0, 't1', { contact: true });
  one.says(1, 't1', { contact: false });
  one.until(60);
  assert.deepEqual(one.fired, ['0 house -→on', '10 house on→-']);
  const busy = await bench([rule({ when, most: { times: 3, per: '1m' } })], house);
  for (let second = 0; second < 30; second++) busy.says(second, 't1', { contact: second % 2 === 0 });
  assert.deepEqual(busy.fired, ['0 house -→on', '1 house on→-', '2 house -→on', '3 house suspended']);
  busy.until(4_000);
  assert.deepEqual(busy.fired.slice(4), ['3603 house on→-'], 'after an hour it goes on from how things are');
});

test('firings that bring each other about stop at a depth', async () => {
  const ping = rule({ id: 'ping', when: { flag: 'a' }, most: { times: 60, per: '1s' } });
  const one = await bench([ping], house);
  for (let depth = 0; depth < 20; depth++) one.engine.setFlag('a', depth % 2 === 0, one.at(depth), depth);
  const effects = one.engine.takeEffects();
  assert.equal(effects.filter(({ is }) => is === 'fired').length, 8);
  assert.match(
    effects.flatMap((effect) => (effect.is === 'suspended' ? [effect.why] : []))[0] ?? '',
    /drive each other/,
  );
});

test('a device that changes right after a rule told it to carries the depth of that rule', async () => {
  const one = await bench([rule({ when: { metric: 'switch.state', is: true } })], house);
  one.engine.caused('lamp', 'switch.state', 3, one.at(0));
  one.says(1, 'lamp', { 'switch.state': true });
  one.says(40, 'lamp', { 'switch.state': false });
  assert.deepEqual(
    one.effects.flatMap((effect) => (effect.is === 'fired' ? [effect.depth] : [])),
    [3, 0],
  );
});

test('the same history gives the same firings', async () => {
  const rules = await Promise.all([
    compiled(rule({ id: 'a', per: 'device', when: { metric: 'temperature', rises: 4, within: '20s' }, for: '3s' })),
    compiled(
      rule({
        id: 'b',
        per: 'room',
        when: { metric: 'temperature', above: 25, clear: 22, over: 'mean', maxAge: '30s' },
      }),
    ),
    compiled(rule({ id: 'c', when: { silent: '15s' }, cooldown: '20s' })),
  ]);
  const said = fc.record({
    pause: fc.integer({ min: 0, max: 20 }),
    device: fc.constantFrom('t1', 't2', 't3'),
    value: fc.double({ min: 10, max: 40, noNaN: true }),
  });
  const play = (history: readonly { pause: number; device: string; value: number }[]): string[] => {
    const run = new Bench(house);
    for (const one of rules) run.engine.add(one);
    let second = 0;
    for (const { pause, device, value } of history) {
      second += pause;
      run.says(second, device, { temperature: value });
    }
    run.until(second + 100);
    return run.fired;
  };
  fc.assert(
    fc.property(fc.array(said, { maxLength: 40 }), (history) => assert.deepEqual(play(history), play(history))),
  );
});

test('a scope is the same after a restart in the middle of a delay', async () => {
  const document = rule({ per: 'device', when: { metric: 'temperature', above: 30, clear: 28 }, for: '60s' });
  const first = await bench([document], house);
  first.says(0, 't1', { temperature: 31 });
  const [touched] = first.effects;
  assert.equal(touched?.is, 'touched', 'a delay that runs is kept');
  const kept = first.engine.kept(touched.instance);
  const second = new Bench(house);
  second.engine.add(await compiled(document), [['t1', JSON.parse(JSON.stringify(kept))]]);
  second.look(20);
  second.says(30, 't1', { temperature: 29 });
  second.until(100);
  assert.deepEqual(second.fired, ['60 t1 -→on'], 'hysteresis and delay go on');
});

test('a device that moves or goes takes its values along', async () => {
  const places: Record<string, { room: string }> = { t1: { room: 'Bath' }, t2: { room: 'Hall' } };
  const one = await bench([rule({ per: 'room', when: { metric: 'contact', is: true } })], paperDevices(places));
  one.says(0, 't1', { contact: true });
  places['t1'] = { room: 'Hall' };
  one.engine.forgetDevice('t1');
  assert.deepEqual(
    one.engine.reconcile(one.at(0)).map(({ scope }) => scope),
    ['p-Bath'],
  );
  one.says(1, 't1', { contact: true });
  assert.deepEqual(one.fired, ['0 p-Bath -→on', '1 p-Hall -→on']);
});

test('what is not looked at would have made no difference', async () => {
  const where = { place: 'Home/Bath' };
  const most = { times: 60, per: '1s' };
  const rules = await Promise.all(
    [
      rule({ id: 'above', per: 'device', when: { metric: 'temperature', above: 25, clear: 22 }, most }),
      rule({ id: 'edge', per: 'device', when: { metric: 'temperature', below: 25, clear: 27 }, most }),
      rule({ id: 'fresh', when: { metric: 'temperature', above: 20, maxAge: '30s', over: 'all', none: true }, most }),
      rule({ id: 'same', per: 'room', when: { not: { metric: 'temperature', in: [20, 25], where } }, for: '4s', most }),
      rule({ id: 'silent', per: 'room', when: { silent: '15s' }, most }),
      rule({ id: 'mean', when: { metric: 'temperature', above: 24, clear: 23, over: 'mean' }, most }),
      rule({ id: 'falls', per: 'device', when: { metric: 'temperature', falls: 5, within: '20s' }, most }),
    ].map((one) => compiled(one)),
  );
  const told = fc.record({
    pause: fc.integer({ min: 0, max: 20 }),
    device: fc.constantFrom('t1', 't2', 't3'),
    value: fc.oneof(fc.integer({ min: 18, max: 30 }), fc.constantFrom('odd', true)),
  });
  type History = readonly { readonly pause: number; readonly device: string; readonly value: Told['value'] }[];
  const play = (history: History, looksAtAll: boolean): string[] => {
    const run = new Bench(house);
    for (const one of rules) run.engine.add(one);
    run.look(0);
    let second = 0;
    for (const { pause, device, value } of history) {
      second += pause;
      // What falls due with a word comes before it, whoever looks.
      run.until(second);
      // Where its words lead is worked out anew: all that looks at them is fed.
      if (looksAtAll) run.engine.forgetDevice(device);
      run.says(second, device, { temperature: value });
      if (looksAtAll) run.look(second);
    }
    run.until(second + 100);
    return run.fired.toSorted();
  };
  fc.assert(
    fc.property(fc.array(told, { maxLength: 40 }), (history) =>
      assert.deepEqual(play(history, false), play(history, true)),
    ),
  );
});

test('a tag that a device gets takes it out of a rule, and what is left is looked at', async () => {
  const tags: Record<string, { tags: string[] }> = { t1: { tags: [] }, t2: { tags: [] } };
  const document = rule({ when: { metric: 'contact', is: true, where: { without: 'spare' } } });
  const one = await bench([document], paperDevices(tags));
  one.says(0, 't1', { contact: true });
  one.says(1, 't2', { contact: false });
  tags['t1']?.tags.push('spare');
  one.engine.forgetDevice('t1');
  assert.deepEqual(one.engine.reconcile(one.at(2)), []);
  one.says(3, 't1', { contact: true });
  assert.deepEqual(one.fired, ['0 house -→on', '3 house on→-']);
});

test('scopes have a bound, of one rule and of all together; a further one is not looked at, counted', async () => {
  const crowd = Array.from({ length: 10_001 }, (_, n) => `d${n}`);
  const one = await bench([], paperDevices(Object.fromEntries(crowd.map((id) => [id, {}]))));
  const { engine } = one;
  const dropped: number[] = [];
  using _listening = listen('dropped', ({ reason, count }) => void (reason === 'scopes' && dropped.push(count)));
  const scopes: number[] = [];
  for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) {
    engine.add(await compiled(rule({ id, per: 'device', when: { metric: 'temperature', above: 30 } })));
    for (const device of crowd) engine.hear(device, [{ device, word: 'temperature', value: 20 }], one.at(0));
    scopes.push([...engine.instances(id)].length);
  }
  assert.deepEqual(scopes, [10_000, 10_000, 10_000, 10_000, 10_000, 0]);
  assert.ok(dropped.length > 10_000);
});
