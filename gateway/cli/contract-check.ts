import { basename, relative, resolve } from 'node:path';
import { PortcullisError } from '../../contracts/errors.ts';
import { checkPlugin } from '../admission/check-plugin.ts';
import type { Check, TextDocument } from '../admission/check-plugin.ts';
import { decide } from '../admission/decide.ts';
import type { ExitCode } from '../admission/decide.ts';
import { contractBeside, contractOnShelf } from '../admission/find-contract.ts';
import { readFacts } from '../admission/host/facts-file.ts';
import type { HostFacts } from '../admission/host/facts.ts';
import { imageFacts } from '../admission/host/image-facts.ts';
import { probeHost } from '../admission/host/probe.ts';
import { contractVersion } from '../admission/language/grammar.ts';
import { documentLimits } from '../admission/language/yaml-document.ts';
import { readBounded } from '../admission/read-bounded.ts';
import type { Format } from '../admission/report/formats.ts';
import { jsonReport } from '../admission/report/json.ts';
import { junitReport } from '../admission/report/junit.ts';
import { overall } from '../admission/report/overall.ts';
import { sarifReport } from '../admission/report/sarif.ts';
import type { Subject } from '../admission/report/subject.ts';
import { textReport } from '../admission/report/text.ts';
import { readSourceTree, treeHash } from '../admission/source-tree.ts';
import type { AnalysePlugin, ProvidedModule, Violation } from '../admission/types.ts';
import { violation } from '../admission/violation.ts';

export interface CheckOptions {
  readonly contract?: string | undefined;
  readonly host?: string | undefined;
  readonly policy?: string | undefined;
  readonly image?: string | undefined;
  /** The full TypeScript check as well. */
  readonly conformance?: boolean | undefined;
  /** After an admission, load the plugin in a fenced process and play the examples of its contract. */
  readonly live?: boolean | undefined;
  readonly format: Format;
}

/** What a check takes from the process, so that a test or a replay runs the same path. */
export interface CheckContext {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: Date;
  readonly analyse: AnalysePlugin;
  readonly provided: (folder: string) => readonly ProvidedModule[];
  write(text: string): void;
}

/** Checks plugin folders and writes one report. Never throws: what goes wrong is an exit of 2 or 3 and a violation. */
export async function runCheck(
  folders: readonly string[],
  options: CheckOptions,
  context: CheckContext,
): Promise<ExitCode> {
  const subjects: Subject[] = [];
  for (const folder of folders) subjects.push(await checkFolder(folder, options, context));
  context.write(reportOf(subjects, options.format, context.cwd));
  return overall(subjects.map(({ check }) => check)).exit;
}

function reportOf(subjects: readonly Subject[], format: Format, cwd: string): string {
  if (format === 'json') return jsonReport(subjects);
  if (format === 'sarif') return sarifReport(subjects, cwd);
  return format === 'junit' ? junitReport(subjects) : textReport(subjects);
}

/** Faults of what the user named or installed, which he is told in words. */
const told: ReadonlySet<string> = new Set(['FILE_UNREADABLE', 'CONFIG_INVALID']);

async function checkFolder(folder: string, options: CheckOptions, context: CheckContext): Promise<Subject> {
  const at = resolve(context.cwd, folder);
  const name = nameOf(at, context.cwd);
  const today = context.now.toISOString().slice(0, 10);
  const failed = (violations: readonly Violation[]): Check => ({
    ...decide(violations, { enforcement: {}, today }),
    grants: [],
  });
  const shelves = [resolve(context.cwd, 'contracts/plugins'), resolve(at, '../../contracts/plugins')];
  let contractFile = options.contract;
  try {
    const tree = await readSourceTree(at);
    const path = options.contract ?? (await contractBeside(at)) ?? (await contractOnShelf(basename(at), shelves));
    if (path === undefined) return { name, contractFile: '(none)', check: failed([noContract(name)]) };
    contractFile = nameOf(resolve(context.cwd, path), context.cwd);
    const contract = await documentOf(path, context.cwd);
    const host = await factsOf(options, context);
    const policy = options.policy === undefined ? host.policy : await documentOf(options.policy, context.cwd);
    if (!host.facts) return { name, contractFile, check: failed(host.violations) };
    const provided = context.provided(at);
    const analyse = options.conformance
      ? (await import('./contract-conformance.ts')).withConformance(context.analyse, { folder: at, provided })
      : context.analyse;
    const check = await checkPlugin({
      tree,
      contract,
      policy,
      facts: host.facts,
      analyse,
      provided,
      today,
    });
    const shown = options.live
      ? await (await import('./contract-live.ts')).withLiveCheck(check, { tree, folder: at, provided, today })
      : check;
    return { name, contractFile, check: shown, tree: treeHash(tree) };
  } catch (error) {
    const observed = error instanceof PortcullisError && told.has(error.code) ? error.message : undefined;
    const problem =
      observed === undefined
        ? violation('PC-C199', '', { observed: 'details are withheld' })
        : violation('PC-C101', '', { observed });
    return { name, contractFile: contractFile ?? '(none)', check: failed([problem]) };
  }
}

function noContract(name: string): Violation {
  return violation('PC-C101', '', {
    subject: name,
    expected: 'a contract',
    observed: 'no contract was named, and none lies beside the plugin',
    remedy: 'Name one with --contract, or draft one with "portcullis contract init".',
  });
}

/** Relative to the working folder where it lies inside, so that reports do not show where somebody's home is. */
function nameOf(path: string, cwd: string): string {
  const inside = relative(cwd, path);
  return inside === '' ? '.' : inside.startsWith('..') ? path : inside;
}

async function documentOf(path: string, cwd: string): Promise<TextDocument> {
  const at = resolve(cwd, path);
  return { file: nameOf(at, cwd), bytes: await readBounded(at, documentLimits.bytes) };
}

async function factsOf(
  { host, image }: CheckOptions,
  context: CheckContext,
): Promise<{ readonly facts?: HostFacts; readonly policy?: TextDocument; readonly violations: readonly Violation[] }> {
  if (host !== undefined) {
    const { bytes, file } = await documentOf(host, context.cwd);
    const { policy, ...read } = readFacts(bytes, file);
    // A host file may carry the policy of that host; its header may be left out there.
    const header = { apiVersion: contractVersion, kind: 'HostPolicy' };
    return policy ? { ...read, policy: { file, bytes: Buffer.from(JSON.stringify({ ...header, ...policy })) } } : read;
  }
  if (image !== undefined) return { facts: await imageFacts(resolve(context.cwd, image)), violations: [] };
  const set = Object.entries(context.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { facts: probeHost({ env: new Map(set) }), violations: [] };
}
