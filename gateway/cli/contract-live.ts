import { basename, dirname } from 'node:path';
import { pino } from 'pino';
import type { Check } from '../admission/check-plugin.ts';
import { staticShape } from '../admission/code/static-shape.ts';
import { decide } from '../admission/decide.ts';
import type { ProvidedModule, SourceTree } from '../admission/types.ts';
import { violation } from '../admission/violation.ts';
import { admittedPlugin } from '../hosting/admitted-plugin.ts';
import { cellProgram, findConfinement } from '../cells/confinement.ts';
import { systemClock } from '../lib/clock.ts';
import { rehearsePlugin } from '../hosting/simulated-device.ts';
import { openTrialFolder } from './trial-folder.ts';

export interface LiveInput {
  readonly tree: SourceTree;
  readonly folder: string;
  readonly provided: readonly ProvidedModule[];
  /** YYYY-MM-DD in UTC. */
  readonly today: string;
}

/**
 * The live part of a check: a plugin that was admitted loads in a fenced process of its own, with its default
 * configuration, and plays the examples of its contract. What was not admitted does not run.
 */
export async function withLiveCheck(check: Check, { tree, folder, provided, today }: LiveInput): Promise<Check> {
  if (check.decision !== 'ADMIT' || check.entry === undefined) return check;
  const name = basename(folder);
  await using trial = await openTrialFolder(tree);
  const shape = staticShape({ root: tree, entry: check.entry, provided });
  const run = { folder: trial.stored, entry: check.entry, shape };
  const admitted = await admittedPlugin({ name, folder, check, run }, dirname(folder));
  if (admitted.run === undefined) return check;
  const { demands, ...plan } = admitted.run;
  const confinement = await findConfinement([cellProgram, trial.stored]);
  const deps = { log: pino({ level: 'silent' }), clock: systemClock, confinement };
  const fault = await rehearsePlugin({ name, ...plan, config: {} }, demands, deps);
  if (fault === undefined) return { ...check, executed: true };
  const { code, detail } = fault;
  const found =
    code === 'CONFIG_INVALID'
      ? violation('PC-R201', 'conformance', { subject: name, observed: `it needs a configuration: ${detail}` })
      : violation(code, code === 'PC-R206' ? 'conformance.examples' : '', { subject: name, observed: detail });
  const positions = check.contract?.positions;
  const decision = decide([...check.violations, found], {
    enforcement: check.contract?.value.enforcement ?? {},
    ...(positions && { positions }),
    today,
  });
  return { ...check, ...decision, grants: decision.decision === 'ADMIT' ? check.grants : [], executed: true };
}
