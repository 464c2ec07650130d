import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cannotRun } from '../harness/cannot-run.ts';
import { faults } from './faults.ts';
import { foundBy, runRound } from './harness/run-round.ts';

/** The short level: what every change must pass. `npm run test:faults` runs more, with seeds of its own. */
const level = 'short';
const firstSeed = 8;
const mostControlRounds = 5;
/** The controls that every change runs: those of the two faults that the promise is about. */
const controls = new Set(['kill', 'power-cut']);

test('the page of the faults names each with its control', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/faults.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (.+) \| `([a-z-]+)` \|$/gm)].map(([, ...cells]) => cells);
  assert.deepEqual(
    rows,
    faults.map(({ name, is, control }) => [name, is, control]),
  );
});

for (const fault of faults.filter(({ rounds }) => rounds[level] > 0)) {
  test(`${fault.name}: ${fault.is}; nothing acknowledged is lost`, async (t) => {
    if (cannotRun(t, fault.cannot?.())) return;
    for (let seed = firstSeed; seed < firstSeed + fault.rounds[level]; seed++) {
      const { findings, acknowledged, says } = await runRound(fault, level, seed);
      assert.deepEqual(findings, [], `replay with npm run test:faults -- --only ${fault.name} --seed ${seed}`);
      t.diagnostic(`${acknowledged} acknowledged; ${says ?? 'one round'}`);
    }
  });
  if (!controls.has(fault.name)) continue;
  test(`${fault.name}: a gateway with ${fault.control} is found out`, async (t) => {
    if (cannotRun(t, fault.cannot?.())) return;
    let found: string | undefined;
    // Where a round cuts is chance, and what is lost there may have come to every sink already.
    for (let seed = firstSeed; found === undefined && seed < firstSeed + mostControlRounds; seed++)
      found = foundBy(fault, await runRound(fault, level, seed, true));
    assert.ok(found, `the broken promise went unnoticed in ${mostControlRounds} rounds`);
    t.diagnostic(found);
  });
}
