import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Logger } from 'pino';
import type { StartFault } from '../cells/process-cell.ts';
import { atomicWrite } from '../lib/atomic-write.ts';
import type { Clock } from '../lib/clock.ts';

/** A plugin that ran beyond its contract: the same bytes do not run again before somebody says so. */
const entry = z.strictObject({ tree: z.string(), why: z.string(), at: z.string() });
const entries = z.record(z.string(), entry);
type QuarantineEntry = z.output<typeof entry>;

const fileOf = (dataDir: string): string => join(dataDir, 'admission/quarantine.json');

/** Every entry by the plugin's name. A file that is damaged counts as empty: it holds no plugin back for ever. */
async function readQuarantine(dataDir: string): Promise<ReadonlyMap<string, QuarantineEntry>> {
  try {
    return new Map(Object.entries(entries.parse(JSON.parse(await readFile(fileOf(dataDir), 'utf8')))));
  } catch {
    return new Map();
  }
}

/** Replaces the file as a whole; it holds at most one entry per plugin of the site. */
async function writeQuarantine(dataDir: string, all: ReadonlyMap<string, QuarantineEntry>): Promise<void> {
  await mkdir(dirname(fileOf(dataDir)), { recursive: true, mode: 0o700 });
  await atomicWrite(fileOf(dataDir), `${JSON.stringify(Object.fromEntries(all), null, 2)}\n`);
}

/** Whether there was such an entry. It takes effect at the next start of the gateway. */
export async function releaseFromQuarantine(dataDir: string, name: string): Promise<boolean> {
  const all = new Map(await readQuarantine(dataDir));
  if (!all.delete(name)) return false;
  await writeQuarantine(dataDir, all);
  return true;
}

interface Known {
  readonly name: string;
  readonly tree?: string | undefined;
}

/** The quarantine of a running gateway. Disposing waits for what is being written. */
export interface Quarantine extends AsyncDisposable {
  /** Why these bytes do not run; undefined: they may. */
  faultOf(plugin: Known): StartFault | undefined;
  /** Keeps the version that runs under this name away from every later start. */
  add(name: string, why: string): void;
}

/** Opens the quarantine over the plugins that came to the door; entries about other bytes are forgotten. */
export async function openQuarantine(
  dataDir: string,
  plugins: readonly Known[],
  { log, clock }: { readonly log: Logger; readonly clock: Clock },
): Promise<Quarantine> {
  const treeOf = new Map(plugins.toReversed().map(({ name, tree }) => [name, tree]));
  const isHere = ([name, { tree }]: readonly [string, QuarantineEntry]): boolean =>
    plugins.some((one) => one.name === name && one.tree === tree);
  const all = new Map([...(await readQuarantine(dataDir))].filter(isHere));
  let writing: Promise<void> = Promise.resolve();
  return {
    faultOf({ name, tree }) {
      const held = all.get(name);
      return held === undefined || held.tree !== tree
        ? undefined
        : { code: 'PC-R213', detail: `since ${held.at}, ${held.why}` };
    },
    add(name, why) {
      const tree = treeOf.get(name);
      if (tree === undefined) return;
      all.set(name, { tree, why, at: new Date(clock.wallMs()).toISOString() });
      const content = new Map(all);
      writing = writing
        .then(() => writeQuarantine(dataDir, content))
        .catch((error: unknown) => {
          log.error({ err: error, plugin: name }, 'the quarantine of a plugin could not be written down');
        });
    },
    [Symbol.asyncDispose]: () => writing,
  };
}
