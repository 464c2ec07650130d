import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeMachine, runInMachine } from './gpio-machine.ts';
import { cannotRun } from '../harness/cannot-run.ts';

/** The machine is emulated: a minute when nothing else runs, several beside other tests. */
const boundMs = 900_000;

test(
  "lines of the kernel's gpio-sim are heard, counted and driven in a booted machine, by both interfaces",
  { timeout: boundMs + 300_000 },
  async (t) => {
    const machine = makeMachine((what) => t.diagnostic(what));
    if ('why' in machine) {
      cannotRun(t, `the machine cannot be made: ${machine.why}`);
      return;
    }
    const said = await runInMachine(machine.folder, 'test/image/gpio-in-guest.ts', boundMs);
    assert.match(said, /machine: the script ended with 0/, said);
    for (const way of ['sysfs', 'character-device']) {
      for (const what of ['each edge is a measurement', 'an output follows its commands']) {
        assert.match(said, new RegExp(`^ok \\d+ - ${way}: ${what}`, 'm'), said);
      }
    }
    for (const [, ms] of said.matchAll(/^# duration_ms ([\d.]+)/gm)) t.diagnostic(`in the machine: ${ms} ms`);
  },
);
