import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { PortcullisError } from '../../../../contracts/errors.ts';
import type { Ingest } from '../../../../contracts/pipeline.ts';
import { listen } from '../../../../gateway/observability/channels.ts';
import { openGpio } from '../../../../gateway/transports/gpio/open-gpio.ts';
import type { GpioLineOptions } from '../../../../gateway/transports/gpio/options.ts';
import { waitUntil } from '../../../harness/wait-until.ts';
import { deps, memoryIngest } from '../serial/serial-rig.ts';
import { chip, countStore, counter, input, output, type Chip } from './gpio-rig.ts';

async function board(t: TestContext, lines: readonly GpioLineOptions[], made: Chip = chip(), store = countStore()) {
  const memory = memoryIngest();
  const ingest: Ingest = (envelope, alongside = []) => {
    store.commit(alongside);
    return memory.ingest(envelope);
  };
  const gpio = await openGpio(
    { interface: 'auto', board: undefined, lines },
    { ...deps, ingest, store, way: made.way },
  );
  t.after(() => gpio[Symbol.asyncDispose]());
  const told = (topic: string): string[] =>
    memory.texts().flatMap((text) => (text.startsWith(`${topic} `) ? [text.slice(topic.length + 1)] : []));
  return { ...made, gpio, told, store, taken: memory.taken };
}

const code = (wanted: string) => (error: unknown) => error instanceof PortcullisError && error.code === wanted;

test('an input tells its level, then each change, the low one as 1 where that is the active one', async (t) => {
  const { wire, told, held, taken, asked } = await board(t, [
    input('door', 11),
    input('bell', 13, { activeLow: true, pull: 'up' }),
  ]);
  await waitUntil('both lines', () => told('gpio/bell').length + told('gpio/door').length === 2);
  assert.deepEqual([told('gpio/door'), told('gpio/bell')], [['{"level":0}'], ['{"level":1}']]);
  assert.deepEqual(asked, ['17 20 as it is', '27 20 up']);
  for (const level of [1, 0] as const) {
    const before = told('gpio/door').length;
    wire(17, level);
    await waitUntil('the change', () => told('gpio/door').length > before);
  }
  assert.deepEqual(told('gpio/door'), ['{"level":0}', '{"level":1}', '{"level":0}']);
  assert.deepEqual(
    [taken[0]?.transport, taken[0]?.client, told('gpio/door/availability')],
    ['gpio', 'pin 11', ['online']],
  );
  assert.equal(held.size, 2);
});

test('an input that never rests is thinned, and its last level is told', async (t) => {
  const drops: string[] = [];
  using _listening = listen('dropped', ({ stage, reason }) => void drops.push(`${stage} ${reason}`));
  const { wire, told } = await board(t, [input('loose', 11)]);
  await waitUntil('the line', () => told('gpio/loose').length === 1);
  for (let change = 1; change <= 1_001; change++) wire(17, (change % 2) as 0 | 1);
  await waitUntil('the last level', () => told('gpio/loose').at(-1) === '{"level":1}');
  assert.ok(told('gpio/loose').length < 10, String(told('gpio/loose').length));
  assert.ok(drops.includes('gpio too-fast'));
});

test('a counter counts changes to 1, reports them together with what keeps them, and goes on from there', async (t) => {
  const store = countStore();
  const first = await board(t, [counter('water', 'GPIO27')], chip(), store);
  await waitUntil('the line', () => first.told('gpio/water').length === 1);
  for (let pulse = 0; pulse < 25; pulse++) for (const level of [1, 0] as const) first.wire(27, level);
  await waitUntil('the report', () => first.told('gpio/water').length === 2);
  assert.equal(store.counts.get('water'), 25);
  first.wire(27, 1);
  await first.gpio[Symbol.asyncDispose]();
  assert.equal(store.counts.get('water'), 26);

  const next = await board(t, [counter('water', 'GPIO27', { activeLow: true })], chip(), store);
  await waitUntil('the line', () => next.told('gpio/water').length === 1);
  next.wire(27, 1);
  next.wire(27, 0);
  await waitUntil('the report', () => next.told('gpio/water').length === 2);
  assert.deepEqual(next.told('gpio/water'), ['{"count":26,"since":1000}', '{"count":27,"since":1000}']);
});

test('an output is safe at the start, set when it is wished, and safe at the end', async (t) => {
  const { gpio, told, driven } = await board(t, [
    output('pump', 16),
    output('valve', 18, { activeLow: true, safe: 0 }),
  ]);
  await waitUntil('both lines', () => gpio.status().every(({ state }) => state === 'open'));
  assert.deepEqual(driven.toSorted(), ['23=0', '24=1']);
  await gpio.send({ topic: 'gpio/pump/set', payload: 'on', qos: 1 });
  await gpio.send({ topic: 'gpio/valve/set', payload: 'on', qos: 1 });
  assert.deepEqual(driven.slice(2), ['23=1', '24=0']);
  assert.deepEqual(told('gpio/pump'), ['{"level":0}', '{"level":1}']);
  await gpio[Symbol.asyncDispose]();
  assert.deepEqual(driven.slice(4).toSorted(), ['23=0', '24=1']);
});

test('only outputs are set, to on or off, while they can be driven', async (t) => {
  const { gpio, lose, held } = await board(t, [output('pump', 16), input('door', 11)]);
  await waitUntil('both lines', () => held.size === 2);
  for (const [topic, payload] of [
    ['gpio/door/set', 'on'],
    ['gpio/pump', 'on'],
    ['gpio/pump/set', 'toggle'],
    ['gpio/nobody/set', 'on'],
  ] as const) {
    await assert.rejects(gpio.send({ topic, payload, qos: 1 }), code('COMMAND_INVALID'));
  }
  lose(23);
  await waitUntil('the loss', () => gpio.status()[0]?.state !== 'open');
  await assert.rejects(gpio.send({ topic: 'gpio/pump/set', payload: 'on', qos: 1 }), code('DEVICE_UNREACHABLE'));
});

test('a line that is lost is offline with an alarm, and comes back', async (t) => {
  const alarms: string[] = [];
  using _listening = listen('alarm', ({ code, subject, active }) => void alarms.push(`${code} ${subject} ${active}`));
  const { lose, told } = await board(t, [input('door', 11)]);
  await waitUntil('the line', () => told('gpio/door').length === 1);
  lose(17);
  await waitUntil('the line again', () => told('gpio/door').length === 2);
  assert.deepEqual(told('gpio/door/availability'), ['online', 'offline', 'online']);
  assert.ok(alarms.includes('gpio-line-missing door true'));
  assert.equal(alarms.at(-1), 'gpio-line-missing door false');
});

test('two names for one line are not two lines', async (t) => {
  const { gpio, asked } = await board(t, [input('door', 11), counter('same', 'GPIO17')]);
  await waitUntil('the second is refused', () => gpio.status()[1]?.state === 'failed');
  assert.deepEqual(asked, ['17 20 as it is']);
});

test('a plugin is lent a line that the gateway does not use, once, and gives it back', async (t) => {
  const { gpio, wire, levels, held } = await board(t, [input('door', 11)]);
  await waitUntil('the line', () => held.size === 1);
  const heard: number[] = [];
  const events = { onData: (level: number) => void heard.push(level), onClosed: () => undefined };
  const at = (line: number, name = 'gpiochip0') => ({ chip: name, line });
  await assert.rejects(gpio.lines.open(at(17), 'in', events), code('NOT_ALLOWED'));
  await assert.rejects(gpio.lines.open(at(54), 'in', events), code('FILE_UNREADABLE'));
  await assert.rejects(gpio.lines.open(at(5, 'gpiochip7'), 'in', events), code('FILE_UNREADABLE'));
  const listening = await gpio.lines.open(at(5), 'in', events);
  await assert.rejects(gpio.lines.open(at(5), 'out', events), code('NOT_ALLOWED'));
  wire(5, 1);
  assert.deepEqual([heard, await listening.read()], [[1], 1]);
  await assert.rejects(listening.write(1), code('NOT_ALLOWED'));
  await listening[Symbol.asyncDispose]();

  const driving = await gpio.lines.open(at(5), 'out', events);
  await driving.write(1);
  assert.deepEqual([await driving.read(), levels.get(5)], [1, 1]);
  await driving[Symbol.asyncDispose]();
  await driving[Symbol.asyncDispose]();
  await using _byLabel = await gpio.lines.open(at(5, 'pinctrl-bcm2711'), 'in', events);
  await assert.rejects(gpio.lines.open(at(5), 'in', events), code('NOT_ALLOWED'));
});
