import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '../../../gateway/admission/decide.ts';
import type { Violation } from '../../../gateway/admission/types.ts';
import { violation } from '../../../gateway/admission/violation.ts';

const today = '2026-11-21';
const run = (found: readonly Violation[], enforcement = {}) => decide(found, { enforcement, today });
const waiver = {
  code: 'PC-D106' as const,
  subject: 'modbus-serial',
  owner: 'jane',
  reason: 'vendor fork',
  expires: '2027-01-31',
};

test('the exit is that of the worst violation', () => {
  assert.deepEqual(run([]), { decision: 'ADMIT', exit: 0, violations: [], executed: false });
  assert.equal(run([violation('PC-S101', 'a', { severity: 'warning' })]).exit, 0);
  assert.equal(run([violation('PC-S101', 'a')]).exit, 1);
  assert.equal(run([violation('PC-S101', 'a'), violation('PC-C101', '')]).exit, 2);
  assert.equal(run([violation('PC-C101', ''), violation('PC-C199', '')]).exit, 3);
});

test('a valid waiver makes a note of it, an expired or foreign one does nothing', () => {
  const found = [violation('PC-D106', 'imports', { subject: 'modbus-serial' })];
  const waived = run(found, { waivers: [waiver] });
  assert.equal(waived.exit, 0);
  assert.match(waived.violations[0]?.remedy ?? '', /jane until 2027-01-31/);
  assert.equal(run(found, { waivers: [{ ...waiver, expires: '2026-11-20' }] }).exit, 1);
  assert.equal(run(found, { waivers: [{ ...waiver, expires: today }] }).exit, 0);
  assert.equal(run(found, { waivers: [{ ...waiver, subject: 'other' }] }).exit, 1);
  assert.equal(
    run([violation('PC-C101', '')], { waivers: [{ ...waiver, code: 'PC-C101', subject: undefined }] }).exit,
    2,
  );
});

test('audit admits and keeps the findings as warnings, but not a wrong contract', () => {
  assert.deepEqual(
    run([violation('PC-S101', 'a')], { mode: 'audit' }).violations.map(({ severity }) => severity),
    ['warning'],
  );
  assert.equal(run([violation('PC-S101', 'a')], { mode: 'audit' }).decision, 'ADMIT');
  assert.equal(run([violation('PC-C101', '')], { mode: 'audit' }).exit, 2);
});

test('no contract excuses what the policy of the site bounds or demands', () => {
  const bounded = [violation('PC-P101', 'permissions.network'), violation('PC-I105', '')];
  for (const one of bounded) {
    assert.equal(run([one], { mode: 'audit' }).exit, 1);
    assert.equal(run([one], { waivers: [{ ...waiver, code: one.code, subject: undefined }] }).exit, 1);
  }
  assert.equal(run([violation('PC-I105', 'integrity.provenance')], { mode: 'audit' }).exit, 0);
});

test('what two checks see is reported once, in the order of code and place', () => {
  const at = (line: number): Violation => violation('PC-D101', 'imports', { file: 'a.js', line, subject: 'node:fs' });
  const { violations } = run([at(2), violation('PC-S101', 'exports'), at(1), at(2)]);
  assert.deepEqual(
    violations.map(({ code, line }) => `${code} ${line ?? ''}`.trim()),
    ['PC-D101 1', 'PC-D101 2', 'PC-S101'],
  );
});
