/** `npm run test:faults`: rounds of every fault of test/faults/faults.ts by level, with seeds that can be run again. */
import { randomInt } from 'node:crypto';
import { Command, InvalidArgumentError, Option } from 'commander';
import { faults } from '../test/faults/faults.ts';
import { levels, type Fault, type Level } from '../test/faults/harness/fault.ts';
import { foundBy, runRound } from '../test/faults/harness/run-round.ts';

interface Wish {
  readonly level: Level;
  readonly seed: number;
  readonly rounds?: number;
  readonly only?: readonly string[];
  readonly control?: true;
}

interface Line {
  readonly fault: string;
  readonly rounds: number;
  readonly acknowledged: number;
  readonly failed: readonly number[];
  readonly seconds: number;
  readonly skipped?: string | undefined;
}

const whole = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('a whole number is needed');
  return value;
};

const wish = new Command('test:faults')
  .description('Runs the faults and judges each round. Exit 1 when a promise was broken, or a control went unnoticed.')
  .addOption(new Option('--level <level>', 'how many rounds').choices(levels).default('short'))
  .option('--rounds <n>', 'rounds of each fault, in place of the level’s', whole)
  .option('--seed <n>', 'seed of the first round; those after it count up', whole, randomInt(1_000_000))
  .option('--only <names...>', `some of ${faults.map(({ name }) => name).join(', ')}`)
  .option('--control', 'break the promise of each fault, one round each, and see that it is found out')
  .parse()
  .opts<Wish>();

/** One line per round; the seed is all that is needed to run it again. */
async function runFault(fault: Fault, { level, seed, control, rounds = fault.rounds[level] }: Wish): Promise<Line> {
  const skipped = fault.cannot?.();
  const from = performance.now();
  const failed: number[] = [];
  let [done, acknowledged] = [0, 0];
  const total = skipped === undefined ? (control ? 1 : rounds) : 0;
  for (let round = 0; round < total; round++) {
    const mine = seed + round;
    const label = `${fault.name} ${round + 1}/${total} seed ${mine}`;
    try {
      const outcome = await runRound(fault, level, mine, control);
      const found = control ? foundBy(fault, outcome) : undefined;
      const wrong = control ? found === undefined : outcome.findings.length > 0;
      if (wrong) failed.push(mine);
      acknowledged += outcome.acknowledged;
      console.log(`${wrong ? '✗' : '✓'} ${label}: ${outcome.acknowledged} acknowledged; ${outcome.says ?? ''}`);
      if (control) console.log(found === undefined ? `    ${fault.control} went unnoticed` : `    found out: ${found}`);
      else for (const { oracle, says } of outcome.findings) console.log(`    ${oracle}: ${says}`);
    } catch (error) {
      failed.push(mine);
      console.log(`✗ ${label}: ${error instanceof Error ? error.message : String(error)}`);
    }
    done += 1;
  }
  const seconds = Math.round((performance.now() - from) / 1_000);
  return { fault: fault.name, rounds: done, acknowledged, failed, seconds, skipped };
}

const unknown = wish.only?.filter((name) => !faults.some((fault) => fault.name === name)) ?? [];
if (unknown.length > 0) {
  console.error(`There is no fault ${unknown.join(', ')}.`);
  process.exit(64);
}
console.log(`level ${wish.level}, seed ${wish.seed}${wish.control ? ', controls' : ''}`);
const lines: Line[] = [];
for (const fault of faults) {
  if (!wish.only || wish.only.includes(fault.name)) lines.push(await runFault(fault, wish));
}
console.log(
  `\n| fault | rounds | acknowledged | ${wish.control ? 'unnoticed' : 'failed'} | s |\n|---|---|---|---|---|`,
);
for (const { fault, rounds, acknowledged, failed, seconds, skipped } of lines) {
  const verdict = skipped ?? (failed.length === 0 ? '0' : `${failed.length}: seeds ${failed.join(', ')}`);
  console.log(`| ${fault} | ${rounds} | ${acknowledged} | ${verdict} | ${seconds} |`);
}
process.exit(lines.some(({ failed }) => failed.length > 0) ? 1 : 0);
