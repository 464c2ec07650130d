import { counted } from '../../lib/counted.ts';
import { violationTable } from '../codes.ts';
import type { Violation } from '../types.ts';
import { shown, shownViolations } from './subject.ts';
import type { Subject } from './subject.ts';

/** For people: each violation with the line of the code, the line of the contract, and what to do. */
export function textReport(subjects: readonly Subject[]): string {
  return subjects.map(subjectText).join('\n');
}

function subjectText({ name, check, contractFile }: Subject): string {
  const { name: pkg, version } = check.package ?? {};
  const titled = pkg === undefined ? '' : ` (${shown(pkg)}${version === undefined ? '' : ` ${shown(version)}`})`;
  const violations = shownViolations(check);
  const count = (severity: string): string =>
    counted(violations.filter((one) => one.severity === severity).length, severity);
  const lines = [`${check.decision}  ${shown(name)}${titled}  by ${shown(contractFile)}`];
  for (const one of violations) lines.push(...violationLines(one, contractFile));
  for (const { grant, enforcedBy } of check.grants) lines.push(`  granted ${shown(grant)}, enforced by ${enforcedBy}`);
  const ran = check.executed ? 'The plugin ran in a process of its own.' : 'Not one byte of the plugin was run.';
  lines.push(`${count('error')}, ${count('warning')}, ${count('note')}. ${ran}`, '');
  return lines.join('\n');
}

function violationLines(one: Violation, contractFile: string): readonly string[] {
  const code =
    one.file === undefined ? '' : `${one.file}${one.line === undefined ? '' : `:${one.line}:${one.column ?? 1}`}`;
  const inContract = one.contractLine !== undefined && one.file !== contractFile;
  const contract = inContract
    ? `${shown(contractFile)}:${one.contractLine}${one.path === '' ? '' : ` (${one.path})`}`
    : '';
  const where = [code, contract].filter((text) => text !== '').join('  ↔  ');
  const doubt = one.confidence === 'heuristic' ? ' (heuristic)' : '';
  const lines = [
    `  ${one.severity} ${one.code}${doubt}${one.subject === undefined ? '' : ` ${one.subject}`}: ${violationTable[one.code].means}`,
  ];
  if (where !== '') lines.push(`      at        ${where}`);
  if (one.expected !== undefined) lines.push(`      expected  ${one.expected}`);
  if (one.observed !== undefined) lines.push(`      observed  ${one.observed}`);
  lines.push(`      →         ${one.remedy}`);
  return lines;
}
