import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import type { Outbound } from '../../contracts/plugin.ts';
import { outletsOf } from '../../gateway/outlets.ts';

test('the begin of a topic says which way a message goes, and whether somebody is there', async () => {
  const sent: string[] = [];
  const send =
    (way: string) =>
    async ({ topic }: Outbound): Promise<void> =>
      void sent.push(`${way} ${topic}`);
  const stations = [
    { station: 'serial/line/2', isOnline: true },
    { station: 'serial/line/3', isOnline: false },
  ];
  const ports = [
    { port: 'line', state: 'open', stations },
    { port: 'pulled', state: 'missing', stations: [] },
  ];
  const lines = [
    { line: 'pump', state: 'open' },
    { line: 'bell', state: 'missing' },
  ];
  const outlet = outletsOf(
    {
      serial: { status: () => ports, send: send('serial') },
      gpio: { status: () => lines, send: send('gpio') },
    } as unknown as Parameters<typeof outletsOf>[0],
    { reaches: (topic: string) => (topic === 'cmnd/lamp' ? 1 : 0), publish: send('mqtt') } as unknown as Parameters<
      typeof outletsOf
    >[1],
    pino({ level: 'silent' }),
  );
  const topics = ['serial/line/2/6/1/1', 'gpio/pump/set', 'cmnd/lamp', 'serial'];
  for (const topic of topics) await outlet.publish({ topic, payload: '', qos: 1 });
  assert.deepEqual(sent, ['serial serial/line/2/6/1/1', 'gpio gpio/pump/set', 'mqtt cmnd/lamp', 'serial serial']);
  const reached = ['serial/line/3/6/1/1', 'serial/line/4/6/1/1', 'serial/pulled/1/6/1/1', 'gpio/bell/set', 'cmnd/fan'];
  assert.deepEqual(
    [...topics.slice(0, 3), ...reached].filter((topic) => outlet.reaches(topic)),
    ['serial/line/2/6/1/1', 'gpio/pump/set', 'cmnd/lamp', 'serial/line/4/6/1/1'],
  );
});

test('a topic that a device named goes out where that device may hear it, and never to a line of the board', () => {
  const asked: unknown[] = [];
  const mayBeToldBy = (...about: string[]): boolean => asked.push(about) > 0 && about[2] === 'cmnd/lamp';
  const outlet = outletsOf(
    { serial: {}, gpio: {} } as unknown as Parameters<typeof outletsOf>[0],
    { mayBeToldBy } as unknown as Parameters<typeof outletsOf>[1],
    pino({ level: 'silent' }),
  );
  const check = (topic: string, taughtBy?: string) => outlet.check({ topic, payload: '', qos: 1, taughtBy }, 'tasmota');
  check('anything');
  check('gpio/pump/set');
  check('cmnd/lamp', 'lamp');
  assert.throws(() => check('cmnd/valve', 'lamp'), { code: 'COMMAND_INVALID' });
  assert.throws(() => check('gpio/pump/set', ''), { code: 'COMMAND_INVALID' });
  assert.deepEqual(asked, [
    ['lamp', 'tasmota', 'cmnd/lamp'],
    ['lamp', 'tasmota', 'cmnd/valve'],
  ]);
});
