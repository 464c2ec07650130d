import { violationTable } from './codes.ts';
import type { ViolationCode } from './codes.ts';
import type { Violation } from './types.ts';

/** A proven error with the remedy of its code, unless something else is said. */
export function violation(
  code: ViolationCode,
  path: string,
  details: Partial<Omit<Violation, 'code' | 'path'>> = {},
): Violation {
  return { code, path, confidence: 'proven', severity: 'error', remedy: violationTable[code].help, ...details };
}
