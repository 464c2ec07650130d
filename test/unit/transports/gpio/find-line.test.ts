import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boardsWith } from '../../../../gateway/transports/gpio/boards.ts';
import { findLine } from '../../../../gateway/transports/gpio/find-line.ts';
import type { LinePlace, OwnBoard } from '../../../../gateway/transports/gpio/options.ts';
import type { GpioChip } from '../../../../gateway/transports/gpio/way.ts';
import { chipOf } from './gpio-rig.ts';

const look = (place: LinePlace, chips: readonly GpioChip[], own?: OwnBoard): string => {
  const found = findLine(place, chips, boardsWith(own));
  return found.is === 'found' ? `${found.at.chip.name}/${found.at.offset}` : found.why;
};
const firmware = chipOf('raspberrypi-exp-gpio', { name: 'gpiochip1', lines: 8, names: new Map([['BT_ON', [0]]]) });
const pi4 = [
  firmware,
  chipOf('pinctrl-bcm2711', {
    lines: 58,
    names: new Map([
      ['TXD1', [14]],
      ['STATUS', [42]],
    ]),
  }),
];

test('a pin is the line that the board has there, on whichever chip the header is', () => {
  assert.equal(look({ pin: 11 }, pi4), 'gpiochip0/17');
  assert.equal(look({ pin: 40 }, [chipOf('pinctrl-rp1', { name: 'gpiochip4' })]), 'gpiochip4/21');
});

test('a name of the board goes before the names of the kernel, which older kernels give otherwise', () => {
  assert.equal(look({ line: 'GPIO14' }, pi4), 'gpiochip0/14');
  assert.equal(look({ line: 'TXD1' }, pi4), 'gpiochip0/14');
  assert.equal(look({ line: 'BT_ON' }, pi4), 'gpiochip1/0');
});

test('power, ground, unknown names and boards are sentences', () => {
  assert.match(look({ pin: 1 }, pi4), /pin 1 of the header is no GPIO line/);
  assert.match(look({ pin: 27 }, pi4), /no GPIO line/);
  assert.match(look({ line: 'GPIO99' }, pi4), /no line is called GPIO99/);
  assert.match(look({ line: 'GPIO017' }, pi4), /no line is called/);
  assert.match(
    look({ pin: 11 }, [firmware]),
    /describe it in gpio.board \(chips of this machine: raspberrypi-exp-gpio\)/,
  );
  assert.match(look({ pin: 11 }, []), /no GPIO chip/);
});

test('two that fit are never guessed between', () => {
  const twin = chipOf('pinctrl-bcm2711', { name: 'gpiochip5' });
  assert.match(look({ pin: 11 }, [...pi4, twin]), /two chips are called pinctrl-bcm2711/);
  const doubled = chipOf('x', { names: new Map([['DOOR', [1, 2]]]) });
  assert.match(look({ line: 'DOOR' }, [doubled]), /2 lines are called DOOR/);
});

test('a header that the site describes is used, within its chip', () => {
  const own = { chip: '1000000.pinctrl', pins: { '11': 23, '13': 60 } };
  const chips = [chipOf('1000000.pinctrl')];
  assert.equal(look({ pin: 11 }, chips, own), 'gpiochip0/23');
  assert.match(look({ pin: 13 }, chips, own), /has only 54 lines/);
});
