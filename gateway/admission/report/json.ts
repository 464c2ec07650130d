import { shownViolations } from './subject.ts';
import type { Subject } from './subject.ts';
import { overall } from './overall.ts';

/**
 * For machines. With one subject its fields stand at the top as well: `decision`, `exit`, `executed`, `violations`.
 * With several the top holds the worst decision, all violations, and `subjects` the single ones.
 */
export function jsonReport(subjects: readonly Subject[]): string {
  const all = subjects.map(({ name, contractFile, check, tree }) => ({
    subject: name,
    contract: contractFile,
    decision: check.decision,
    exit: check.exit,
    executed: check.executed,
    package: check.package,
    entry: check.entry,
    tree: tree === undefined ? undefined : `sha256-${tree}`,
    violations: shownViolations(check),
    grants: check.grants,
  }));
  const [only] = all;
  if (only && all.length === 1) return `${JSON.stringify(only, null, 2)}\n`;
  const { decision, exit } = overall(subjects.map(({ check }) => check));
  const violations = all.flatMap((one) => one.violations);
  const executed = subjects.some(({ check }) => check.executed);
  return `${JSON.stringify({ decision, exit, executed, violations, subjects: all }, null, 2)}\n`;
}
