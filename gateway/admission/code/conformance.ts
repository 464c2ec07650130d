import { spawn } from 'node:child_process';
import { mkdtemp, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type {
  AnalysisInput,
  ClassRule,
  CodeContract,
  FunctionRule,
  ParamRule,
  SourceTree,
  Violation,
} from '../types.ts';
import { violation } from '../violation.ts';
import { fromForm, propertyName, typeText } from './code-type.ts';

/** One line of the gate file, and the rule of the contract that it stands for. */
interface GateLine {
  readonly text: string;
  readonly path: string;
  readonly subject: string;
}

const gateFile = 'portcullis.gate.ts';
const firstLine = 3;
const maxOutputBytes = 1024 * 1024;

export interface ConformanceInput extends Pick<AnalysisInput, 'root' | 'entry' | 'contract'> {
  /** Path of TypeScript's compiler, run with this Node: the same one that the repository uses. */
  readonly tsc: string;
  /** A folder with the type packages that the plugin may use; without it there are none. */
  readonly typeRoots?: string | undefined;
  readonly timeoutMs?: number | undefined;
  /** What the gateway provides: path from the plugin's folder (`../../contracts`) to the folder that is there. */
  readonly links?: ReadonlyMap<string, string> | undefined;
  /** What the gateway provides under a name that no package has: name to its file. */
  readonly modules?: ReadonlyMap<string, string> | undefined;
}

/**
 * The full TypeScript check, for pipelines: writes the tree to a folder of its own with one assignment per rule, and
 * lets the compiler judge. Signatures are properties, because methods are compared bivariantly and let a narrower
 * parameter through; a second line per rule refuses `any`, which fits everything. Nothing of the plugin runs.
 * Too slow and too large for the gateway: 0.3 s to 2 s and 50 MB to 220 MB.
 */
export async function checkConformance(input: ConformanceInput): Promise<readonly Violation[]> {
  const lines = gateLines(input.contract);
  if (lines.length === 0) return [];
  const links = input.links ?? new Map<string, string>();
  const outside = await mkdtemp(join(tmpdir(), 'portcullis-gate-'));
  // As deep as the provided paths climb, so that they end inside our own folder.
  const climbs = Math.max(
    0,
    ...[...links.keys()].map((path) => path.split('/').filter((part) => part === '..').length),
  );
  const folder = join(outside, ...Array.from({ length: climbs }, () => 'in'));
  try {
    await mkdir(folder, { recursive: true });
    await writeTree(input.root, folder);
    for (const [path, target] of links) await link(join(folder, path), target);
    await writeFile(join(folder, gateFile), gateText(input.entry, lines));
    await writeFile(join(folder, 'tsconfig.gate.json'), JSON.stringify(compilerOptions(input)));
    const { output, timedOut } = await runTsc(input, folder);
    if (timedOut)
      return [violation('PC-S103', 'exports', { file: input.entry, observed: 'the compiler did not finish in time' })];
    return violationsOf(output, lines, input.entry);
  } finally {
    await rm(outside, { recursive: true, force: true });
  }
}

/** What the tree ships itself stays. */
async function link(path: string, target: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await symlink(target, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

/** The TypeScript text that holds a plugin to its contract. Exported for review: it is what the compiler sees. */
export function gateText(entry: string, lines: readonly GateLine[]): string {
  const head = `import * as P from ${JSON.stringify(`./${entry}`)};\ntype IsAny<T> = 0 extends 1 & T ? true : false;\n`;
  return `${head}${lines.map(({ text }) => text).join('\n')}\n`;
}

export function gateLines(contract: CodeContract): GateLine[] {
  const lines: GateLine[] = [];
  const { exports } = contract;
  const add = (name: string, type: string, path: string): void => {
    const key = propertyName(name);
    const value = `P[${JSON.stringify(name)}]`;
    lines.push({ text: `export const e${lines.length}: { ${key}: ${type} } = P;`, path, subject: name });
    lines.push({
      text: `export const e${lines.length}: IsAny<typeof ${value}> extends true ? never : 0 = 0;`,
      path,
      subject: name,
    });
  };
  for (const rule of exports?.variables ?? []) {
    add(rule.name, rule.type === undefined ? 'unknown' : text(rule.type, contract), rule.at);
  }
  for (const rule of exports?.functions ?? []) {
    add(rule.name, functionText(rule, contract), rule.at);
    const result = `IsAny<Awaited<ReturnType<typeof P[${JSON.stringify(rule.name)}]>>>`;
    if (rule.returns !== undefined) {
      lines.push({
        text: `export const e${lines.length}: ${result} extends true ? never : 0 = 0;`,
        path: `${rule.at}.returns`,
        subject: rule.name,
      });
    }
  }
  for (const rule of exports?.classes ?? []) add(rule.name, classText(rule, contract), rule.at);
  return lines;
}

function text(form: NonNullable<ParamRule['type']>, { types }: CodeContract): string {
  return typeText(fromForm(form, types));
}

function paramsText(params: readonly ParamRule[] | undefined, contract: CodeContract): string {
  // Without rules for parameters any are welcome: `never` is accepted by each of them.
  if (params === undefined) return '...args: never';
  const list = params.map(({ name, type, optional, rest }) => {
    const written = type === undefined ? 'never' : text(type, contract);
    const all = rest && type?.is !== 'array' ? `(${written})[]` : written;
    return `${rest ? '...' : ''}${name}${optional && !rest ? '?' : ''}: ${all}`;
  });
  return list.join(', ');
}

function functionText(rule: FunctionRule, contract: CodeContract): string {
  const plain = rule.returns === undefined ? 'unknown' : text(rule.returns, contract);
  const isAsync = rule.async === 'required';
  let result = isAsync ? `Promise<${plain}>` : rule.async === 'any' ? `Promise<${plain}> | ${plain}` : plain;
  if (rule.generator === 'sync') result = `Iterable<${plain}>`;
  else if (rule.generator === 'async') result = `AsyncIterable<${plain}>`;
  else if (rule.generator === 'any') result = `Iterable<${plain}> | AsyncIterable<${plain}>`;
  return `(${paramsText(rule.params, contract)}) => ${result}`;
}

function classText(rule: ClassRule, contract: CodeContract): string {
  const members = [
    ...rule.fields.map(
      ({ name, type }) => `${propertyName(name)}: ${type === undefined ? 'unknown' : text(type, contract)}`,
    ),
    ...rule.accessors.map(({ name, get, set }) => {
      const form = get === undefined || get === true ? set : get;
      return `${propertyName(name)}: ${form === undefined || form === true ? 'unknown' : text(form, contract)}`;
    }),
    ...rule.methods.map((each) => `${propertyName(each.name)}: ${functionText(each, contract)}`),
  ];
  const statics = [
    ...rule.statics.map(
      ({ name, type }) => `${propertyName(name)}: ${type === undefined ? 'unknown' : text(type, contract)}`,
    ),
    ...rule.staticMethods.map((each) => `${propertyName(each.name)}: ${functionText(each, contract)}`),
  ];
  const constructor = `new (${paramsText(rule.construct, contract)}) => { ${members.join('; ')} }`;
  return statics.length === 0 ? constructor : `(${constructor}) & { ${statics.join('; ')} }`;
}

/** The tree as it was read; anything that would leave the folder is left out. */
async function writeTree(root: SourceTree, folder: string): Promise<void> {
  for (const [path, bytes] of root.files) {
    if (
      path.split('/').includes('..') ||
      path.startsWith('/') ||
      path === gateFile ||
      /(?:^|\/)tsconfig[^/]*\.json$/.test(path)
    )
      continue;
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, bytes);
  }
}

function compilerOptions({ typeRoots, modules = new Map() }: ConformanceInput): object {
  return {
    compilerOptions: {
      lib: ['es2024'],
      target: 'es2024',
      types: typeRoots === undefined ? [] : ['node'],
      ...(typeRoots === undefined ? {} : { typeRoots: [typeRoots] }),
      module: 'nodenext',
      moduleDetection: 'force',
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      allowJs: true,
      paths: Object.fromEntries([...modules].map(([name, file]) => [name, [file]])),
    },
    files: [gateFile],
  };
}

async function runTsc(
  { tsc, timeoutMs = 60_000 }: ConformanceInput,
  folder: string,
): Promise<{ output: string; timedOut: boolean }> {
  const signal = AbortSignal.timeout(timeoutMs);
  const child = spawn(process.execPath, [tsc, '-p', 'tsconfig.gate.json', '--pretty', 'false'], {
    cwd: folder,
    env: {},
    stdio: ['ignore', 'pipe', 'ignore'],
    signal,
    killSignal: 'SIGKILL',
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    if (output.length < maxOutputBytes) output += part;
  });
  await new Promise<void>((resolve, reject) => {
    child.on('error', (error) => (signal.aborted ? resolve() : reject(error)));
    child.on('close', () => resolve());
  });
  return { output, timedOut: signal.aborted };
}

/** Lines `portcullis.gate.ts(7,14): error TS2322: …`; an error inside the plugin itself is about its source. */
function violationsOf(output: string, lines: readonly GateLine[], entry: string): Violation[] {
  const found: Violation[] = [];
  for (const match of output.matchAll(/^(\S[^\n(]*)\((\d+),(\d+)\): error (TS\d+): ([^\n]*)/gm)) {
    const [, file = '', line = '0', column = '0', code, message = ''] = match;
    const observed = `${code}: ${message.slice(0, 400)}`;
    const rule = file === gateFile ? lines[Number(line) - firstLine] : undefined;
    if (rule !== undefined)
      found.push(violation('PC-S102', rule.path, { file: entry, line: 1, column: 1, subject: rule.subject, observed }));
    else
      found.push(
        violation('PC-S001', '', { file, line: Number(line), column: Number(column), subject: file, observed }),
      );
  }
  // One rule has several lines; the first error of each says enough.
  return found.filter(
    (each, i) =>
      found.findIndex(({ path, file, line }) => path === each.path && file === each.file && line === each.line) === i,
  );
}
