import { mkdir, open, readdir, readFile, readlink, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { atomicWrite } from '../lib/atomic-write.ts';

/** An update that was begun: which release shall replace which, and how often it was started since. */
export interface Trial {
  readonly from: string;
  readonly to: string;
  readonly starts: number;
}

/**
 * The releases of a machine: `releases/VERSION` for each, `current` (a link) for the one that runs, `trial` while a new one has to
 * prove itself. Every change of what runs is one rename, so a power cut leaves the old or the new. `trial` is text in lines, for
 * the guard in shell that must work when no release does.
 */
export class Slots {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  folderOf(version: string): string {
    return join(this.#root, 'releases', version);
  }

  async current(): Promise<string> {
    return (await readlink(join(this.#root, 'current'))).replace(/^releases\//, '');
  }

  /** Whole releases, oldest first. */
  async all(): Promise<string[]> {
    const names = await readdir(join(this.#root, 'releases'));
    return names
      .filter((name) => /^\d+\.\d+\.\d+$/.test(name))
      .toSorted((one, other) => one.localeCompare(other, 'en', { numeric: true }));
  }

  async switchTo(version: string): Promise<void> {
    const beside = join(this.#root, 'current.new');
    await rm(beside, { force: true });
    await symlink(join('releases', version), beside);
    await rename(beside, join(this.#root, 'current'));
    await syncFolder(this.#root);
  }

  async trial(): Promise<Trial | undefined> {
    const text = await readFile(this.#trialFile, 'utf8').catch(() => '');
    const value = (key: string): string | undefined => new RegExp(`^${key}=(.+)$`, 'm').exec(text)?.[1];
    const [from, to] = [value('from'), value('to')];
    return from === undefined || to === undefined ? undefined : { from, to, starts: Number(value('starts') ?? 0) };
  }

  beginTrial({ from, to, starts }: Trial): Promise<void> {
    return atomicWrite(this.#trialFile, `from=${from}\nto=${to}\nstarts=${starts}\n`, 0o644);
  }

  async endTrial(): Promise<void> {
    await rm(this.#trialFile, { force: true });
    await syncFolder(this.#root);
  }

  /** Fills the folder of a release completely or not at all. */
  async add(version: string, fill: (folder: string) => Promise<void>): Promise<void> {
    const making = join(this.#root, 'releases', `.new-${version}`);
    await rm(making, { recursive: true, force: true });
    await mkdir(making, { recursive: true });
    await fill(making);
    await rm(this.folderOf(version), { recursive: true, force: true });
    await rename(making, this.folderOf(version));
    await syncFolder(dirname(making));
  }

  /** Removes what neither runs nor is kept for the way back. */
  async keepOnly(versions: readonly string[]): Promise<void> {
    const kept = new Set([...versions, await this.current()]);
    for (const name of await readdir(join(this.#root, 'releases')))
      if (!kept.has(name)) await rm(this.folderOf(name), { recursive: true, force: true });
  }

  get #trialFile(): string {
    return join(this.#root, 'trial');
  }
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}
