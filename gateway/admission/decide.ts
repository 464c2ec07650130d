import type { EnforcementRule, Waiver } from './language/grammar-integrity.ts';
import type { Positions } from './language/positions.ts';
import { compareText } from './source-tree.ts';
import type { Violation } from './types.ts';

export type Verdict = 'ADMIT' | 'DENY' | 'ERROR';
/** Exit codes of a check: admitted, denied, contract or configuration error, the tool itself failed. */
export type ExitCode = 0 | 1 | 2 | 3;

export interface Decision {
  readonly decision: Verdict;
  readonly exit: ExitCode;
  /** All of them together, in the order of code and place. */
  readonly violations: readonly Violation[];
  /** Whether the plugin ran: never before this decision, and after it only where the live check was asked for. */
  readonly executed: boolean;
}

/**
 * The decision over everything that was found. Pure: `today` (YYYY-MM-DD) is given. A valid waiver turns an error
 * into a note that says who waived it; an expired one does nothing. Neither waivers nor audit mode excuse what is binding.
 */
export function decide(
  found: readonly Violation[],
  given: { readonly enforcement: EnforcementRule; readonly positions?: Positions; readonly today: string },
): Decision {
  const { waivers = [], mode = 'enforce' } = given.enforcement;
  const violations = once(found)
    .map((one) => located(one, given.positions))
    .map((one) => waived(one, waivers, given.today))
    .map((one) => (mode === 'audit' ? softened(one) : one))
    .sort(byCodeAndPlace);
  const errors = violations.filter((one) => one.severity === 'error');
  if (errors.some((one) => one.code === 'PC-C199')) return { decision: 'ERROR', exit: 3, violations, executed: false };
  if (errors.some((one) => one.code === 'PC-C101')) return { decision: 'ERROR', exit: 2, violations, executed: false };
  if (errors.length > 0) return { decision: 'DENY', exit: 1, violations, executed: false };
  return { decision: 'ADMIT', exit: 0, violations, executed: false };
}

/** Two checks may see the same thing; it is reported once. */
function once(found: readonly Violation[]): readonly Violation[] {
  const seen = new Map<string, Violation>();
  for (const one of found) {
    const place = one.path.startsWith('plugin.') ? '' : `${one.file}:${one.line}:${one.column}:${one.subject}`;
    const key = `${one.code} ${one.path} ${place}`;
    if (!seen.has(key)) seen.set(key, one);
  }
  return [...seen.values()];
}

function located(one: Violation, positions: Positions | undefined): Violation {
  if (one.contractLine !== undefined || one.path === '') return one;
  const at = positions?.find(one.path);
  return at ? { ...one, contractLine: at.line } : one;
}

/** What a contract can never excuse: its own mistakes, and the bounds and signatures that another layer demands. */
const isBinding = ({ code, path }: Violation): boolean =>
  code.startsWith('PC-C') || code === 'PC-P101' || (code === 'PC-I105' && path === '');

function waived(one: Violation, waivers: readonly Waiver[], today: string): Violation {
  if (one.severity !== 'error' || isBinding(one)) return one;
  const waiver = waivers.find(
    ({ code, subject, expires }) =>
      code === one.code && (subject === undefined || subject === one.subject) && expires >= today,
  );
  if (!waiver) return one;
  const remedy = `Waived by ${waiver.owner} until ${waiver.expires}: ${waiver.reason}`;
  return { ...one, severity: 'note', remedy };
}

function softened(one: Violation): Violation {
  return one.severity === 'error' && !isBinding(one) ? { ...one, severity: 'warning' } : one;
}

function byCodeAndPlace(a: Violation, b: Violation): number {
  return (
    compareText(a.code, b.code) ||
    compareText(a.file ?? '', b.file ?? '') ||
    (a.line ?? 0) - (b.line ?? 0) ||
    (a.column ?? 0) - (b.column ?? 0) ||
    compareText(a.path, b.path)
  );
}
