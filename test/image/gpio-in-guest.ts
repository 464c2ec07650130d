// Runs inside the machine that gpio.test.ts boots, on a chip of the kernel's gpio-sim with the label of a Raspberry Pi's.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '../harness/wait-until.ts';

/** Everything is emulated, on a machine that may do much else. */
const patienceMs = 120_000;
const until = (what: string, ask: () => boolean): Promise<void> => waitUntil(what, ask, patienceMs);
const chip = '/sys/devices/platform/gpio-sim.0/gpiochip0';
const [door, button, water, pump, valve] = [17, 22, 27, 23, 24];

/** Pulls a line as a wire would. */
function wire(line: number, level: 0 | 1): void {
  writeFileSync(`${chip}/sim_gpio${line}/pull`, level === 1 ? 'pull-up' : 'pull-down');
}

/** What a meter shows at the two outputs. */
function outputs(): string {
  return [pump, valve].map((line) => readFileSync(`${chip}/sim_gpio${line}/value`, 'utf8').trim()).join(' ');
}

interface Row {
  readonly device?: string;
  readonly n?: string;
  readonly value?: unknown;
  readonly warn?: string;
}

/** The lines of a gateway; resolves when all of them are open. */
async function gateway(t: TestContext, way: string) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'gpio-lines.ts'), way], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const rows: Row[] = [];
  createInterface(child.stdout).on('line', (row) => rows.push(JSON.parse(row) as Row));
  const values = (device: string, word: string): unknown[] =>
    rows.flatMap((row) => (row.device === `gpio:${device}` && row.n === word ? [row.value] : []));
  const ended = once(child, 'exit');
  await until('all lines', () => {
    assert.deepEqual([child.exitCode, child.signalCode], [null, null], 'the gateway ended');
    assert.deepEqual(
      rows.filter(({ warn }) => warn !== undefined),
      [],
    );
    return rows.filter(({ n }) => n === 'availability').length === 5;
  }).catch((cause: unknown) => {
    throw new Error(`after ${JSON.stringify(rows)}`, { cause });
  });
  return {
    values,
    command: (row: string): void => void child.stdin.write(`${row}\n`),
    stop: async (): Promise<void> => {
      child.stdin.end();
      await ended;
    },
    kill: async (): Promise<void> => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

for (const way of ['sysfs', 'character-device'] as const) {
  test(`${way}: each edge is a measurement, what bounces is one, pulses are counted`, async (t) => {
    for (const line of [door, button, water]) wire(line, 0);
    const { values, stop } = await gateway(t, way);
    for (const level of [1, 0, 1, 0, 1, 0] as const) {
      const before = values('door', 'contact').length;
      wire(door, level);
      await until(`edge ${before}`, () => values('door', 'contact').length > before);
    }
    assert.deepEqual(values('door', 'contact'), [false, true, false, true, false, true, false]);

    for (const level of [1, 0, 1, 0, 1] as const) wire(button, level);
    await until('the button', () => values('button', 'input').length > 1);
    assert.deepEqual(values('button', 'input'), [false, true]);

    for (let pulse = 1; pulse <= 4; pulse++) {
      wire(water, 1);
      await until(`pulse ${pulse}`, () => values('water', 'x.gpio.pulses').at(-1) === pulse);
      wire(water, 0);
      // Nothing tells of the end of a pulse, and the next one must be another one to the gateway.
      await sleep(500);
    }
    await stop();
  });

  test(`${way}: an output follows its commands, is safe at the stop, and after a kill what the kernel makes of it`, async (t) => {
    // Resistors: gpio-sim gives a line that is nobody's the level of its pull.
    wire(pump, 0);
    wire(valve, 1);
    const first = await gateway(t, way);
    assert.equal(outputs(), '0 1');
    first.command('pump on');
    first.command('valve on');
    await until('both on', () => outputs() === '1 0');
    await first.kill();
    // Files keep the level; the shell that holds a line of the character device sets it safe and gives it back.
    if (way === 'sysfs') assert.equal(outputs(), '1 0');
    else await until('safe without a gateway', () => outputs() === '0 1');

    const next = await gateway(t, way);
    assert.equal(outputs(), '0 1');
    next.command('pump on');
    await until('the pump', () => outputs() === '1 1');
    await next.stop();
    assert.equal(outputs(), '0 1');
    // For the next way: files would hold the lines.
    for (const line of way === 'sysfs' ? [pump, valve] : []) {
      writeFileSync('/sys/class/gpio/unexport', String(512 + line));
    }
  });
}
