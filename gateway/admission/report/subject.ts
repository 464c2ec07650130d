import type { Check } from '../check-plugin.ts';
import type { Violation } from '../types.ts';

/** One checked plugin as a report shows it. */
export interface Subject {
  /** Folder as the caller named it, relative where it can be. */
  readonly name: string;
  readonly contractFile: string;
  readonly check: Check;
  /** Hex SHA-256 of the tree, where it could be read. */
  readonly tree?: string | undefined;
}

/** Control and format characters (direction marks among them): they can rewrite what a terminal shows. */
const unsafe = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** A text of a plugin or contract, safe to show on one line; at most 500 characters. */
export function shown(text: string): string {
  const clean = text.replaceAll(unsafe, (character) => (character === '\n' || character === '\t' ? ' ' : ''));
  return clean.length > 500 ? `${clean.slice(0, 499)}…` : clean;
}

/** The violations with every text made safe. */
export function shownViolations(check: Check): readonly Violation[] {
  return check.violations.map((one) => {
    const safe: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(one)) {
      if (value !== undefined) safe[key] = typeof value === 'string' ? shown(value) : value;
    }
    return safe as unknown as Violation;
  });
}

/** What it is about, in one line. */
export function sentenceOf(one: Violation, means: string): string {
  const about = one.subject === undefined ? '' : `${one.subject}: `;
  const found = one.observed === undefined ? '' : ` Found: ${one.observed}.`;
  const wanted = one.expected === undefined ? '' : ` Expected: ${one.expected}.`;
  return `${about}${means}${wanted}${found}`;
}
