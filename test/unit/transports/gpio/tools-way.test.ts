import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { PortcullisError } from '../../../../contracts/errors.ts';
import { toolsWay } from '../../../../gateway/transports/gpio/tools-way.ts';
import type { ChipLine } from '../../../../gateway/transports/gpio/way.ts';
import { gpioTools, type GpioTools } from '../../../harness/gpio-tools.ts';
import { waitUntil } from '../../../harness/wait-until.ts';

async function chip(t: TestContext, version?: string): Promise<GpioTools> {
  const tools = await gpioTools(t, version);
  const before = process.env.PATH;
  process.env.PATH = `${tools.bin}:${before}`;
  t.after(() => (process.env.PATH = before));
  return tools;
}
const line = async (offset: number): Promise<ChipLine> => {
  const [found] = await toolsWay.chips();
  assert.ok(found);
  return { chip: found, offset };
};
const code = (wanted: string) => (error: unknown) => error instanceof PortcullisError && error.code === wanted;
const ignore = { onLevel: () => undefined, onClosed: () => undefined };

test('a watched line has its level at once, hears edges, and is free afterwards', async (t) => {
  const tools = await chip(t);
  tools.wire(17, 1);
  const heard: number[] = [];
  const at = await line(17);
  const watched = await toolsWay.watch(
    at,
    { debounceMs: 20, pull: 'up' },
    { ...ignore, onLevel: (level) => heard.push(level) },
  );
  assert.equal(watched.level, 1);
  tools.wire(17, 0);
  await waitUntil('the edge', () => heard.length === 1);
  assert.deepEqual([heard, watched.level], [[0], 0]);
  assert.ok(
    tools.calls.includes(
      'gpiomon --banner --consumer portcullis --edges both --format %E --bias=pull-up --debounce-period=20ms --chip gpiochip0 17',
    ),
  );
  await assert.rejects(toolsWay.watch(at, { debounceMs: 0, pull: undefined }, ignore), code('NOT_ALLOWED'));
  await watched[Symbol.asyncDispose]();
  await waitUntil('a free line', () => tools.holder(17) === undefined);
});

test('a driven line has each level that is written, and its safe level at the end', async (t) => {
  const tools = await chip(t);
  const driven = await toolsWay.drive(await line(23), 0, 0, ignore);
  await driven.write(1);
  assert.deepEqual([tools.level(23), tools.holder(23)], [1, 'gpioset']);
  await driven[Symbol.asyncDispose]();
  assert.deepEqual(tools.driven(23), [0, 1, 0]);
  assert.equal(tools.holder(23), undefined);
});

test('a tool that ends by itself is told', async (t) => {
  const tools = await chip(t);
  let why = '';
  const watched = await toolsWay.watch(
    await line(17),
    { debounceMs: 0, pull: undefined },
    { ...ignore, onClosed: (said) => (why = said) },
  );
  tools.fail(17);
  await waitUntil('the news', () => why !== '');
  assert.match(why, /the chip is gone/);
  await watched[Symbol.asyncDispose]();
});

test('tools of version 1 are refused with what to install', async (t) => {
  await chip(t, '1.6.3');
  await assert.rejects(toolsWay.chips(), /are version 1\.6\.3, and 2 is needed\. Install the package gpiod/);
});
