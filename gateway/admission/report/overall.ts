import type { Decision, ExitCode, Verdict } from '../decide.ts';

/** Over several subjects the highest exit counts, and the decision that goes with it. */
export function overall(all: readonly Pick<Decision, 'decision' | 'exit'>[]): { decision: Verdict; exit: ExitCode } {
  let worst: { decision: Verdict; exit: ExitCode } = { decision: 'ADMIT', exit: 0 };
  for (const { decision, exit } of all) if (exit > worst.exit) worst = { decision, exit };
  return worst;
}
