import { violationTable } from '../codes.ts';
import type { Violation } from '../types.ts';
import { sentenceOf, shown, shownViolations } from './subject.ts';
import type { Subject } from './subject.ts';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};
/** Texts are already free of control characters; unpaired surrogates are not XML either. */
const xml = (text: string): string =>
  shown(text)
    .toWellFormed()
    .replaceAll(/[&<>"']/g, (one) => entities[one] ?? one);

/** JUnit XML: one suite per plugin, one test case per violation, or a passing one when there is none. */
export function junitReport(subjects: readonly Subject[]): string {
  const suites = subjects.map(suiteText);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="portcullis contract check">\n${suites.join('')}</testsuites>\n`;
}

function suiteText({ name, check }: Subject): string {
  const violations = shownViolations(check);
  const failures = violations.filter((one) => one.severity === 'error').length;
  const broken = check.exit >= 2 ? failures : 0;
  const cases =
    violations.length === 0
      ? [`    <testcase classname="${xml(name)}" name="admitted"/>\n`]
      : violations.map((one) => caseText(one, name, check.exit >= 2));
  const counts = `tests="${cases.length}" failures="${failures - broken}" errors="${broken}"`;
  return `  <testsuite name="${xml(name)}" ${counts}>\n${cases.join('')}  </testsuite>\n`;
}

function caseText(one: Violation, name: string, broken: boolean): string {
  const title = [one.code, one.path, one.file].filter((text) => text !== undefined && text !== '').join(' ');
  const open = `    <testcase classname="${xml(name)}" name="${xml(title)}"`;
  if (one.severity !== 'error') return `${open}>\n      <system-out>${xml(one.remedy)}</system-out>\n    </testcase>\n`;
  const tag = broken ? 'error' : 'failure';
  const message = xml(sentenceOf(one, violationTable[one.code].means));
  const at = one.file === undefined ? '' : `${one.file}:${one.line ?? 1}:${one.column ?? 1} `;
  return `${open}>\n      <${tag} type="${one.code}" message="${message}">${xml(`${at}${one.remedy}`)}</${tag}>\n    </testcase>\n`;
}
