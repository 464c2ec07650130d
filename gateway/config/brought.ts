import { access, cp, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { stringify } from 'yaml';
import { PortcullisError } from '../../contracts/errors.ts';
import { atomicWrite } from '../lib/atomic-write.ts';
import { withPaths } from './named-paths.ts';
import { checkConfig, readYaml } from './parse-config.ts';
import { readIfThere } from './read-text.ts';

/** In the data folder: the configuration that came with a passport, beside every file and folder that it names. */
const folder = 'configuration';
const fileName = 'portcullis.yaml';
const lastGoodName = '.portcullis.yaml.last-good';

/** Of the machine and not of the gateway: where things lie on it, who may claim it, and what its host lets plugins do. */
const ofTheMachine = ['dataDir', 'claim', 'plugins.policy', 'flows.folder', 'flows.process'];

/** As the file stands now, or as it was when the gateway was last up with it. */
export type Generation = 'present' | 'last good';

/** A configuration with what a passport brought to its data folder behind it, every path absolute, and a name of both for errors. */
export async function withBrought(
  own: object,
  path: string,
  generation: Generation,
): Promise<{ written: object; source: string }> {
  const { dataDir } = own as { dataDir?: unknown };
  if (typeof dataDir !== 'string') return { written: own, source: path };
  const present = join(dataDir, folder, fileName);
  const lastGood = join(dataDir, folder, lastGoodName);
  const kept = generation === 'last good' ? await readIfThere(lastGood) : undefined;
  const file = kept === undefined ? present : lastGood;
  const text = kept ?? (await readIfThere(present));
  if (text === undefined) return { written: own, source: path };
  return { written: behind(own, readBrought(text, file)) as object, source: `${path} with ${file} behind it` };
}

/** Remembers what a passport brought to a data folder, as it is now, as the last good generation of it. */
export async function keepBroughtAsLastGood(dataDir: string): Promise<void> {
  const lastGood = join(dataDir, folder, lastGoodName);
  const text = await readIfThere(join(dataDir, folder, fileName));
  if (text === undefined) return rm(lastGood, { force: true });
  if ((await readIfThere(lastGood)) !== text) await atomicWrite(lastGood, text);
}

/**
 * Lays a configuration down in the data folder of a passport: a copy of each file and folder that it names, and itself, naming those.
 * What lies in the gateway's own data folder travels with that. Throws FILE_UNREADABLE for what is not there.
 */
export async function layDownConfiguration(written: object, dataDir: string): Promise<void> {
  const into = join(dataDir, folder);
  const { dataDir: home } = written as { dataDir: string };
  const copies: [from: string, to: string][] = [];
  const portable = withPaths(withoutMachine(written), (path, key) => {
    if (isBelow(home, path) && !isBelow(join(home, folder), path)) return join('..', relative(home, path));
    const to = key === 'plugins.dir' ? 'plugins' : key === 'rules.dir' ? 'rules' : `files/${copies.length}`;
    copies.push([path, to]);
    return to;
  });
  await mkdir(into, { recursive: true, mode: 0o700 });
  for (const [from, to] of copies) await copy(from, join(into, to));
  await writeFile(join(into, fileName), stringify(portable), { mode: 0o600 });
}

/**
 * Looks whether the configuration of a restored data folder can be used: it names only what came with it, all of that is there, and it goes
 * together with what is written on this machine. Throws PASSPORT_REFUSED. Without one there is nothing to say against it.
 */
export async function checkBrought(dataDir: string, machine: object = {}): Promise<void> {
  const file = join(dataDir, folder, fileName);
  const text = await readIfThere(file);
  if (text === undefined) return;
  const named: string[] = [];
  try {
    const brought = withPaths(readBrought(text, file), (path) => (named.push(path), path));
    for (const path of named) {
      if (!isBelow(dataDir, path)) throw new PortcullisError('PASSPORT_REFUSED', 'it names a file of another machine');
      await access(path);
    }
    checkConfig(behind({ ...machine, dataDir }, brought), 'What it brings, behind what is written here,');
  } catch (cause) {
    const why = cause instanceof PortcullisError ? cause.message : 'a file that it names is not there';
    throw new PortcullisError('PASSPORT_REFUSED', `The configuration in the passport cannot be used: ${why}`, {
      cause,
    });
  }
}

function readBrought(text: string, file: string): object {
  const brought = readYaml(text, file);
  if (typeof brought === 'object' && brought !== null)
    return withPaths(withoutMachine(brought), (path) => resolve(dirname(file), path));
  throw new PortcullisError('CONFIG_INVALID', `${file} is no configuration.`);
}

/** Key by key: what is written on the machine holds, what it does not say is as it was brought. */
function behind(own: unknown, brought: unknown): unknown {
  if (own === undefined) return brought;
  if (!isTable(own) || !isTable(brought)) return own;
  const names = new Set([...Object.keys(own), ...Object.keys(brought)]);
  return Object.fromEntries([...names].map((name) => [name, behind(own[name], brought[name])]));
}

const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function withoutMachine(written: object): object {
  const left = structuredClone(written);
  for (const key of ofTheMachine) {
    const [first = '', second] = key.split('.');
    const holder: unknown = second === undefined ? left : Reflect.get(left, first);
    if (isTable(holder)) Reflect.deleteProperty(holder, second ?? first);
  }
  return left;
}

const isBelow = (outer: string, path: string): boolean => path.startsWith(outer + sep);

async function copy(from: string, to: string): Promise<void> {
  try {
    await mkdir(dirname(to), { recursive: true, mode: 0o700 });
    const isFolder = (await stat(from)).isDirectory();
    // A link in a folder stays behind: what is packed are plain files.
    await cp(from, to, { recursive: isFolder, dereference: !isFolder });
  } catch (cause) {
    const sentence = `${from}, which the configuration names, cannot be read.`;
    throw new PortcullisError('FILE_UNREADABLE', sentence, { cause });
  }
}
