import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { sysfsChips } from '../../../../gateway/transports/gpio/sysfs-chips.ts';
import { parseChips } from '../../../../gateway/transports/gpio/tool-output.ts';

test('sysfs: a chip is found by its label, its base is what the kernel says, its name is that of the same device', async (t) => {
  const sys = mkdtempSync(join(tmpdir(), 'sysfs-'));
  t.after(() => rmSync(sys, { recursive: true, force: true }));
  const add = (device: string, chip: string, base: number, label: string): string => {
    const at = join(sys, 'devices', device);
    const legacy = join(at, 'gpio', `gpiochip${base}`);
    for (const folder of [legacy, join(at, chip), join(sys, 'class/gpio'), join(sys, 'bus/gpio/devices')]) {
      mkdirSync(folder, { recursive: true });
    }
    for (const [file, text] of Object.entries({ base, label, ngpio: 54 }))
      writeFileSync(join(legacy, file), `${text}\n`);
    symlinkSync(at, join(legacy, 'device'));
    symlinkSync(legacy, join(sys, 'class/gpio', `gpiochip${base}`));
    symlinkSync(join(at, chip), join(sys, 'bus/gpio/devices', chip));
    return at;
  };
  const soc = add('soc.gpio', 'gpiochip10', 512, 'pinctrl-bcm2711');
  add('firmware.gpio', 'gpiochip9', 570, 'raspberrypi-exp-gpio');
  mkdirSync(join(soc, 'of_node'));
  writeFileSync(join(soc, 'of_node/gpio-line-names'), 'ID_SDA\0ID_SCL\0\0GPIO3\0');
  writeFileSync(join(sys, 'class/gpio/export'), '');

  const chips = await sysfsChips(sys);
  assert.deepEqual(
    chips.map(({ name, label, base, lines }) => `${name} ${label} ${base} ${lines}`),
    ['gpiochip10 pinctrl-bcm2711 512 54', 'gpiochip9 raspberrypi-exp-gpio 570 54'],
  );
  assert.deepEqual(
    [...(chips[0]?.names ?? [])],
    [
      ['ID_SDA', [0]],
      ['ID_SCL', [1]],
      ['GPIO3', [3]],
    ],
  );
  assert.deepEqual(await sysfsChips(join(sys, 'nowhere')), []);
});

test('the tools: chips with their labels, and the names of their lines', () => {
  const described =
    'gpiochip0 - 2 lines:\n\tline   0:\t"ID_SDA"         \tinput consumer="x"\n\tline   1:\tunnamed         \tinput\ngpiochip1 - 1 line:\n\tline   0:\t"ID_SDA"\toutput\n';
  const chips = parseChips(
    'gpiochip0 [pinctrl-rp1] (2 lines)\ngpiochip1 [gpio-brcmstb@107d508500] (1 lines)\n',
    described,
  );
  assert.deepEqual(
    chips.map(({ name, label, lines, names }) => [name, label, lines, [...names]]),
    [
      ['gpiochip0', 'pinctrl-rp1', 2, [['ID_SDA', [0]]]],
      ['gpiochip1', 'gpio-brcmstb@107d508500', 1, [['ID_SDA', [0]]]],
    ],
  );
});
