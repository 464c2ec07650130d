import { RE2JS } from 're2js';

/** A pattern of RE2 that is to fit somewhere in a text. Throws for one that is none. */
export function parsePattern(pattern: string): (text: string) => boolean {
  const compiled = RE2JS.compile(pattern);
  return (text) => compiled.matcher(text).find();
}
