import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lendLines } from '../../../../gateway/transports/gpio/lend-lines.ts';
import { waitUntil } from '../../../harness/wait-until.ts';
import { chip } from '../../transports/gpio/gpio-rig.ts';
import { openPorts, openStarted } from './rig.ts';

test('a plugin hears and drives the lines that its contract names, no other and in no other direction', async (t) => {
  const board = chip();
  const cell = await openStarted(
    t,
    `const say = (topic, payload) => handles.ingest({ topic, payload: String(payload) });
     const attempt = (name, direction) => handles.gpio.line(name, direction).then(() => 'lent', ({ code }) => code);
     const refused = [await attempt('gpiochip0/6', 'in'), await attempt('gpiochip0/5', 'out'), await attempt('gpiochip0/9', 'in')];
     const out = await handles.gpio.line('gpiochip0/12', 'out');
     await out.write(1);
     await handles.gpio.line('gpiochip0/5', 'in', { onData: (level) => say('level', level) });
     await say('refused', refused);`,
    {
      grants: {
        gpio: [
          { chip: 'gpiochip0', lines: [5, 9], direction: 'in' },
          { chip: 'gpiochip0', lines: [12], direction: 'out' },
        ],
      },
    },
  );
  const gpio = lendLines(
    () => Promise.resolve(board.way),
    ({ offset }) => offset === 9,
  );
  const ports = openPorts({ gpio });
  cell.begin(ports);
  const said = (): string[] =>
    ports.ingested.map(({ topic, payload }) => `${topic} ${Buffer.from(payload).toString()}`);
  await waitUntil('the plugin', () => said().length === 1);
  // A line of the gateway's own configuration is granted and still not lent.
  assert.match(said()[0] ?? '', /^plugin\/probe\/refused PC-R207,PC-R207,PC-R2\d\d$/);
  assert.equal(board.levels.get(12), 1);
  board.wire(5, 1);
  await waitUntil('the level', () => said().length === 2);
  assert.equal(said()[1], 'plugin/probe/level 1');
  await cell.halt();
  await waitUntil('free lines', () => board.held.size === 0);
});
