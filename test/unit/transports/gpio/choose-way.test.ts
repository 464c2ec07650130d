import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PortcullisError } from '../../../../contracts/errors.ts';
import { chooseWay } from '../../../../gateway/transports/gpio/choose-way.ts';
import type { GpioLineOptions, GpioOptions } from '../../../../gateway/transports/gpio/options.ts';
import { sysfsWay } from '../../../../gateway/transports/gpio/sysfs-way.ts';
import { chipOf, input } from './gpio-rig.ts';

const way = async (wanted: GpioOptions['interface'], ...lines: GpioLineOptions[]): Promise<string> =>
  (await chooseWay({ interface: wanted, board: undefined, lines })).is;

test('a resistor needs the character device, and who asks for an interface gets it', async () => {
  const pulled = input('door', 11, { pull: 'up' });
  assert.equal(await way('auto', pulled), 'character-device');
  assert.equal(await way('sysfs', pulled), 'sysfs');
  assert.equal(await way('character-device', input('door', 11)), 'character-device');
});

test('sysfs refuses what it cannot do, with a sentence', async () => {
  const line = { chip: chipOf('pinctrl-bcm2711', { base: 512 }), offset: 17 };
  const events = { onLevel: () => undefined, onClosed: () => undefined };
  const code = (wanted: string) => (error: unknown) => error instanceof PortcullisError && error.code === wanted;
  await assert.rejects(sysfsWay.watch(line, { debounceMs: 0, pull: 'up' }, events), code('CONFIG_INVALID'));
});
