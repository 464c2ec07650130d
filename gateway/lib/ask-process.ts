import { fork } from 'node:child_process';
import { once } from 'node:events';
import { extname, join } from 'node:path';
import { codeCache } from './code-cache.ts';

/** Why there is no answer, in the end of a sentence: an error loses its class between processes. */
export interface NoAnswer {
  readonly failed: string;
}

/**
 * Gives one order to a process that answers once and ends. `program` is the name of a file beside the one that asks (its
 * `import.meta`). A process that is not gone after `withinMs` is killed. Never rejects.
 */
export async function askProcess<Answer extends object>(
  { dirname, filename }: Pick<ImportMeta, 'dirname' | 'filename'>,
  program: string,
  order: object,
  withinMs: number,
): Promise<Answer | NoAnswer> {
  const file = join(dirname, `${program}${extname(filename)}`);
  const child = fork(file, [], { env: codeCache(), execArgv: ['--disable-sigusr1'], serialization: 'advanced' });
  const late = setTimeout(() => child.kill('SIGKILL'), withinMs);
  const ended = once(child, 'exit').then(
    ([code, signal]): NoAnswer => ({
      failed: `ended with ${code === null ? String(signal) : `exit code ${String(code)}`}`,
    }),
    (error: unknown): NoAnswer => ({ failed: `did not start: ${String(error)}` }),
  );
  const answered = new Promise<Answer>((resolve) => {
    child.once('message', (message) => resolve(message as Answer));
  });
  child.send(order, () => undefined);
  const result = await Promise.race([answered, ended]);
  await ended;
  clearTimeout(late);
  return result;
}
