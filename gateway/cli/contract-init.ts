import { basename, join, resolve } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { PortcullisError } from '../../contracts/errors.ts';
import type { ExitCode } from '../admission/decide.ts';
import { draftContract } from '../admission/draft-contract.ts';
import { readSourceTree } from '../admission/source-tree.ts';
import type { OutlinePlugin, ProvidedModule } from '../admission/types.ts';

export interface InitContext {
  readonly cwd: string;
  readonly outline: OutlinePlugin;
  readonly provided: (folder: string) => readonly ProvidedModule[];
  write(text: string): void;
}

/**
 * Drafts a contract from the code of a plugin folder. Never overwrites: a file that is there is exit 2. Imports that
 * do not resolve are left out, so that checking the draft denies them.
 */
export async function runInit(
  folder: string,
  { out }: { out?: string | undefined },
  context: InitContext,
): Promise<ExitCode> {
  const at = resolve(context.cwd, folder);
  const target = resolve(context.cwd, out ?? join(at, 'contract.yaml'));
  try {
    const tree = await readSourceTree(at);
    const draft = await draftContract({
      tree,
      name: basename(at),
      outline: context.outline,
      provided: context.provided(at),
    });
    await writeFile(target, draft, { flag: 'wx', mode: 0o644 });
    context.write(
      `Wrote ${target}. Read it, change what the plugin must not have, then run "portcullis contract check".\n`,
    );
    return 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      context.write(`${target} exists; a contract is never overwritten. Name another file with --out.\n`);
      return 2;
    }
    if (!(error instanceof PortcullisError)) throw error;
    context.write(`${error.message}\n`);
    return 2;
  }
}
