import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '../../../../gateway/admission/decide.ts';
import { jsonReport } from '../../../../gateway/admission/report/json.ts';
import { junitReport } from '../../../../gateway/admission/report/junit.ts';
import { sarifReport } from '../../../../gateway/admission/report/sarif.ts';
import type { Subject } from '../../../../gateway/admission/report/subject.ts';
import { textReport } from '../../../../gateway/admission/report/text.ts';
import type { Violation } from '../../../../gateway/admission/types.ts';
import { violation } from '../../../../gateway/admission/violation.ts';

function subject(name: string, found: readonly Violation[]): Subject {
  const check = { ...decide(found, { enforcement: {}, today: '2026-11-21' }), grants: [] };
  return { name, contractFile: 'contracts/p.contract.yaml', check };
}
const builtin = violation('PC-D101', 'imports.builtins', {
  file: 'plugin.js',
  line: 1,
  column: 8,
  contractLine: 7,
  subject: 'node:fs',
  expected: 'no builtin',
  observed: 'node:fs',
});
const hostile = violation('PC-S102', 'exports', {
  subject: '\u001b[2Jx\u202e\n<&"\'>',
  observed: 'a\u0000b\u009b31m',
  file: 'a&b.js',
});

test('the text shows the line of the code, the line of the contract and what to do', () => {
  const text = textReport([subject('plugins/p', [builtin])]);
  assert.match(text, /^DENY {2}plugins\/p/);
  assert.match(text, /plugin\.js:1:8 {2}↔ {2}contracts\/p\.contract\.yaml:7 \(imports\.builtins\)/);
  assert.match(text, /expected {2}no builtin/);
  assert.match(text, /→ +Remove the import/);
  assert.match(text, /\n1 error, 0 warnings, 0 notes\. /);
});

test('no format passes on control characters or direction marks', () => {
  const all = [subject('p', [hostile])];
  for (const text of [textReport(all), jsonReport(all), sarifReport(all, '/repo'), junitReport(all)]) {
    assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]|\\u00(1b|9b|00)|\\u202e/u);
  }
});

test('JSON holds decision, codes and executed, and over several subjects the worst of them', () => {
  const one = JSON.parse(jsonReport([subject('p', [builtin])])) as {
    decision: string;
    executed: boolean;
    violations: Violation[];
  };
  assert.equal(one.decision, 'DENY');
  assert.equal(one.executed, false);
  assert.equal(one.violations[0]?.code, 'PC-D101');
  const both = JSON.parse(jsonReport([subject('a', []), subject('b', [builtin])])) as {
    exit: number;
    subjects: unknown[];
  };
  assert.equal(both.exit, 1);
  assert.equal(both.subjects.length, 2);
});

test('SARIF 2.1.0 has relative URIs, a start line and help for every rule', () => {
  const report = JSON.parse(
    sarifReport(
      [
        subject('plugins/my plugin', [builtin]),
        subject('/elsewhere/p', [builtin]),
        subject('p', [violation('PC-H104', 'host')]),
      ],
      '/repo',
    ),
  ) as {
    version: string;
    runs: { tool: { driver: { rules: { id: string; help: { text: string } }[] } }; results: SarifResult[] }[];
  };
  interface SarifResult {
    ruleId: string;
    ruleIndex: number;
    locations: { physicalLocation: { artifactLocation: { uri: string }; region: { startLine: number } } }[];
  }
  assert.equal(report.version, '2.1.0');
  const [run] = report.runs;
  const uris = run?.results.map(({ locations }) => locations[0]?.physicalLocation.artifactLocation.uri);
  assert.deepEqual(uris, ['plugins/my%20plugin/plugin.js', 'plugin.js', 'contracts/p.contract.yaml']);
  for (const { ruleId, ruleIndex, locations } of run?.results ?? []) {
    assert.equal(run?.tool.driver.rules[ruleIndex]?.id, ruleId);
    assert.ok((locations[0]?.physicalLocation.region.startLine ?? 0) >= 1);
  }
  assert.ok(run?.tool.driver.rules.every(({ help }) => help.text.length > 10));
});

test('JUnit counts failures and errors apart and escapes what XML needs', () => {
  const xml = junitReport([subject('p', [hostile]), subject('q', []), subject('r', [violation('PC-C101', '')])]);
  assert.match(xml, /<testsuite name="p" tests="1" failures="1" errors="0">/);
  assert.match(xml, /<testcase classname="q" name="admitted"\/>/);
  assert.match(xml, /<testsuite name="r" tests="1" failures="0" errors="1">/);
  assert.match(xml, /&lt;&amp;&quot;&apos;&gt;/);
});
