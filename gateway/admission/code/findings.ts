import type { Violation } from '../types.ts';
import { violation } from '../violation.ts';
import type { Place } from './parse-source.ts';

/** Where a comparison writes down what it found. */
export interface Findings {
  readonly list: Violation[];
  /** Unknowns are left to the check of the live module. */
  readonly deferToLive: boolean;
}

export interface Subject {
  readonly name: string;
  readonly place: Place | undefined;
}

/** PC-S102: present, and different from the contract. */
export function differs(
  findings: Findings,
  at: string,
  subject: Subject,
  [expected, observed]: readonly [string, string],
): void {
  findings.list.push(violation('PC-S102', at, { ...subject.place, subject: subject.name, expected, observed }));
}

/** PC-S103: cannot be known without running the code. */
export function unknown(
  findings: Findings,
  at: string,
  subject: Subject,
  [expected, observed]: readonly [string, string],
): void {
  if (findings.deferToLive) return;
  findings.list.push(violation('PC-S103', at, { ...subject.place, subject: subject.name, expected, observed }));
}

/** PC-S101: not there. `near` is what was probably meant. */
export function missing(findings: Findings, at: string, subject: Subject, near: string | undefined): void {
  const remedy = near === undefined ? {} : { remedy: `Export "${subject.name}"; did you mean "${near}"?` };
  findings.list.push(
    violation('PC-S101', at, {
      ...subject.place,
      subject: subject.name,
      expected: subject.name,
      observed: near === undefined ? 'nothing of that name' : `"${near}"`,
      ...remedy,
    }),
  );
}
