import { RE2JS } from 're2js';

/** What RE2 does for each character of a text grows with its program: repetitions multiply it. */
const maxProgram = 500;

/** A pattern of RE2 that is to fit somewhere in a text. Throws for one that is none, or is too large. */
export function parsePattern(pattern: string): (text: string) => boolean {
  const compiled = RE2JS.compile(pattern);
  if (compiled.programSize() > maxProgram) throw new Error('the pattern is too large: it repeats too much');
  return (text) => compiled.matcher(text).find();
}
