import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Measurement } from '../../contracts/message.ts';
import { inspectBuffer } from '../../gateway/buffer/inspect.ts';
import { startDaemon, type Daemon } from '../harness/daemon.ts';
import { gpioTools, type GpioTools } from '../harness/gpio-tools.ts';
import { command, ended } from '../harness/lamp.ts';
import { waitUntil } from '../harness/wait-until.ts';

const lines = {
  'front-door': { as: 'input', pin: 11, pull: 'up', debounceMs: 15 },
  water: { as: 'counter', line: 'GPIO27', reportSeconds: 0.1 },
  pump: { as: 'output', pin: 16 },
};
const meanings = {
  'front-door': { is: 'door' },
  water: { is: 'pulses', of: 'water.volume', unit: 'L', perPulse: 10, reading: 500 },
  pump: { is: 'switch' },
};

/** A gateway on a board with a chip that has no files in sysfs. */
function boardWith(tools: GpioTools, t: Parameters<typeof startDaemon>[0]): Promise<Daemon> {
  return startDaemon(t, {
    env: { PATH: `${tools.bin}:${process.env.PATH}` },
    config: {
      gpio: { interface: 'character-device', lines },
      plugins: { config: { gpio: { lines: meanings } } },
      preprocess: { dedupeWindowSeconds: 0 },
      commands: { quietSeconds: 0 },
    },
  });
}

/** Values of one word of a device in the log, in order. */
function valuesOf(dataDir: string, device: string, word: string): (boolean | number | undefined)[] {
  using buffer = inspectBuffer(dataDir);
  return [...buffer.records()].flatMap(({ record }) => {
    const { dev, m } = record as Measurement;
    return dev.id === device ? m.filter(({ n }) => n === word).map(({ v, vb }) => v ?? vb) : [];
  });
}

const open = async (daemon: Daemon): Promise<number> => {
  const { gpio } = await daemon.api<{ gpio: { state: string }[] }>('/api/v1/hardware');
  return gpio.filter(({ state }) => state === 'open').length;
};

test('an edge is a stored measurement, a count outlives a kill, an output obeys commands and is safe without its gateway', async (t) => {
  const tools = await gpioTools(t);
  const daemon = await boardWith(tools, t);
  const { dataDir } = daemon;
  const contact = () => valuesOf(dataDir, 'gpio:front-door', 'contact');
  const volume = () => valuesOf(dataDir, 'gpio:water', 'water.volume');
  await waitUntil('all lines', async () => (await open(daemon)) === 3);
  tools.wire(17, 1);
  await waitUntil('the open door', () => contact().at(-1) === true);
  assert.deepEqual(contact(), [false, true]);
  for (let pulse = 0; pulse < 3; pulse++) for (const level of [1, 0] as const) tools.wire(27, level);
  await waitUntil('three pulses', () => volume().at(-1) === 0.53);

  await command(daemon, { id: 'on', device: 'gpio:pump', name: 'switch', args: { on: true } });
  assert.equal((await ended(daemon, 'on')).state, 'acked');
  assert.equal(tools.level(23), 1);

  await daemon.kill();
  for (const line of [17, 27, 23]) await waitUntil(`line ${line} free`, () => tools.holder(line) === undefined);
  await waitUntil('the safe level', () => tools.driven(23).length > 2);
  assert.deepEqual(tools.driven(23), [0, 1, 0]);
  await daemon.start();
  await waitUntil('all lines again', async () => (await open(daemon)) === 3);
  assert.equal(volume().at(-1), 0.53);
  tools.wire(27, 1);
  await waitUntil('the fourth pulse', () => volume().at(-1) === 0.54);
  await daemon.stop();
  for (const line of [17, 27, 23]) await waitUntil(`line ${line} free`, () => tools.holder(line) === undefined);
});
