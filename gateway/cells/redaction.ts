import type { CellLesson } from '../../contracts/cell.ts';
import type { Reading } from '../../contracts/plugin.ts';
import type { WireAnswer } from './wire.ts';

/** Takes the secrets of a plugin out of what its cell says, before anything of it is stored, logged or shown. */
export interface Redaction {
  /** A sentence: the text of an error, the place of a broken key. */
  readonly text: (said: string) => string;
  readonly answer: (answer: WireAnswer) => WireAnswer;
}

const mark = '[secret]';
/** Below it a value is no secret but a part of ordinary words. */
const shortest = 4;
/** In data an ordinary number may look like a PIN, and a device must keep its name. */
const shortestInData = 8;

/**
 * A secret is looked for as it is, as a part of an address, in base64 and as a part of JSON text. Texts of errors are cut
 * by the cell, so one that ends with the beginning of a secret loses that as well. What the plugin hides on purpose cannot
 * be found: who grants a secret trusts with it. Messages to devices and asks of handles may carry it.
 */
export function redaction(secrets: Iterable<string>): Redaction {
  const values = [...secrets].filter(({ length }) => length >= shortest);
  const forms = formsOf(values);
  const inData = formsOf(values.filter(({ length }) => length >= shortestInData));
  if (forms.length === 0) return { text: (said) => said, answer: (answer) => answer };
  const data = (said: string): string => without(said, inData);
  const text = (said: string): string => withoutBeginning(without(said, forms), forms);
  return {
    text,
    answer(answer) {
      if (answer.is === 'refused') {
        const { detail, error } = answer;
        return { ...answer, detail: text(detail), ...(error !== undefined && { error: text(error) }) };
      }
      if (answer.is === 'claims') return { ...answer, topics: answer.topics.map(data) };
      if (answer.is !== 'decoded') return answer;
      const { readings, lessons, failed } = answer;
      return {
        ...answer,
        ...(failed !== undefined && { failed: text(failed) }),
        readings: inEvery(readings, data) as readonly Reading[],
        lessons: inEvery(lessons, data) as readonly CellLesson[],
      };
    },
  };
}

/** Longest first: one may be a part of another. */
function formsOf(values: readonly string[]): readonly string[] {
  const forms = values.flatMap((value) => [
    value,
    encodeURIComponent(value.toWellFormed()),
    JSON.stringify(value).slice(1, -1),
    Buffer.from(value).toString('base64'),
    Buffer.from(value).toString('base64url'),
  ]);
  return [...new Set(forms)].toSorted((a, b) => b.length - a.length);
}

function without(said: string, forms: readonly string[]): string {
  return forms.reduce((rest, form) => rest.replaceAll(form, mark), said);
}

function withoutBeginning(said: string, forms: readonly string[]): string {
  for (const form of forms) {
    for (let length = Math.min(form.length - 1, said.length); length >= shortest; length--) {
      if (said.endsWith(form.slice(0, length))) return `${said.slice(0, -length)}${mark}`;
    }
  }
  return said;
}

function inEvery(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((one) => inEvery(one, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [change(key), inEvery(one, change)]));
}
