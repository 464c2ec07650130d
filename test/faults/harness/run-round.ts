import { endsOf } from '../../harness/ends.ts';
import type { Fault, Level, Outcome } from './fault.ts';
import { randomFrom } from './random.ts';

/** One round of a fault; with `control` its promise is broken, so that it must find something. */
export async function runRound(fault: Fault, level: Level, seed: number, control = false): Promise<Outcome> {
  await using stack = new AsyncDisposableStack();
  const broken = control ? fault.control : '';
  return await fault.run({ ends: endsOf(stack), random: randomFrom(seed), broken }, level);
}

/** What a control must have found; undefined when it went unnoticed. */
export const foundBy = (fault: Fault, { findings }: Outcome): string | undefined =>
  findings.find(({ oracle }) => oracle === (fault.finds ?? 'kept'))?.says;
