import { createInterface } from 'node:readline/promises';

/** Without somebody at the terminal the answer is no. */
export async function confirmed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  using lines = createInterface({ input: process.stdin, output: process.stdout });
  return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
}
