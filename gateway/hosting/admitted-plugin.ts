import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Admission } from '../admission/admit-plugins.ts';
import { violationTable } from '../admission/codes.ts';
import type { Contract } from '../admission/contract.ts';
import type { Grant } from '../admission/permissions/enforcement.ts';
import { pluginApiName, providedModules } from '../admission/provided-modules.ts';
import { sentenceOf, shownViolations } from '../admission/report/subject.ts';
import type { FunctionRule, Violation } from '../admission/types.ts';
import type { EffectiveGrants } from '../admission/permissions/effective.ts';
import type { DeviceResource } from '../cells/device-guard.ts';
import type { HandleGrants } from '../cells/handles/grants.ts';
import { defaultLimits, type CellLimits } from '../cells/options.ts';
import type { CheckedShape, ExpectedExport, ExpectedShape } from '../lib/live-shape.ts';
import { endpointOf } from '../lib/endpoint.ts';
import type { ContractDemands } from './simulated-device.ts';
import type { ModuleFence } from '../lib/module-fence.ts';

/** `sentence` holds what was expected and found. */
type ShownViolation = Pick<Violation, 'remedy'> &
  Partial<Pick<Violation, 'path' | 'contractLine' | 'file' | 'line' | 'confidence'>> & {
    readonly code: string;
    readonly sentence: string;
  };

/** What the gateway needs of one decision: plain data, so that admission can run in a process that ends. */
export interface AdmittedPlugin {
  readonly name: string;
  readonly version?: string | undefined;
  readonly decision: Admission['check']['decision'];
  readonly tree?: string | undefined;
  /** Every error: what was found, in a sentence; where in the contract and in the code; what to do. */
  readonly violations: readonly ShownViolation[];
  readonly grants: readonly Grant[];
  /** Only of an admitted one. */
  readonly run?: PluginRun | undefined;
}

export interface PluginRun {
  /** Entry file in the content-addressed store. */
  readonly entry: string;
  readonly fence: ModuleFence;
  readonly expected: CheckedShape;
  readonly limits: CellLimits;
  readonly device: readonly DeviceResource[] | undefined;
  /** What it must show in a process that ends, before its first message. */
  readonly demands: ContractDemands;
  /** It asks for nothing and a key that this site trusts has signed it: the decode threads may run it. */
  readonly isTrustedCodec: boolean;
  /** Undefined: the contract grants nothing that needs a handle. */
  readonly handleGrants?: HandleGrants | undefined;
}

/** `folder` is where the plugins were found: their way to the plugin API starts there. */
export async function admittedPlugin(admission: Admission, folder: string): Promise<AdmittedPlugin> {
  const { name, check, tree, run } = admission;
  const contract = check.contract?.value;
  return {
    name,
    version: check.package?.version,
    decision: check.decision,
    tree,
    violations: shownViolations(check)
      .filter(({ severity }) => severity === 'error')
      .map((one) => {
        const { code, remedy, path, contractLine, file, line, confidence } = one;
        const sentence = sentenceOf(one, violationTable[code].means);
        return { code, sentence, remedy, path, contractLine, file, line, confidence };
      }),
    grants: check.grants,
    run: run && contract && (await runOf(run, contract, { folder, check })),
  };
}

async function runOf(
  { folder: stored, entry, shape }: NonNullable<Admission['run']>,
  contract: Contract,
  { folder, check }: { readonly folder: string; readonly check: Admission['check'] },
): Promise<PluginRun> {
  const root = await realpath(stored);
  const handleGrants = check.effective && handlesOf(check.effective);
  const asks = check.grants.some(({ path }) => !path.startsWith('resources'));
  return {
    entry: join(root, entry),
    fence: {
      root,
      provided: providedFor(root, folder),
      builtins: (contract.imports?.builtins ?? []).map(({ name }) => name),
    },
    expected: { contract: expectedShape(contract.exports), source: shape },
    limits: limitsOf(contract.enforcement, check.effective?.resources ?? {}, handleGrants !== undefined),
    device: contract.device?.resources,
    demands: {
      examples: contract.conformance?.examples ?? [],
      startsUnconfigured: contract.conformance?.startsUnconfigured,
      simulator: contract.conformance?.simulator,
    },
    handleGrants,
    isTrustedCodec: !asks && contract.integrity?.signatures !== undefined,
  };
}

/** The plugin API under its name and under the relative path that leads to it from where the plugin was found. */
function providedFor(root: string, folder: string): Readonly<Record<string, string>> {
  const found = join(folder, 'any');
  const provided: Record<string, string> = { zod: fileURLToPath(import.meta.resolve('zod')) };
  for (const { name, path } of providedModules(found)) {
    if (name !== pluginApiName || path === undefined) continue;
    provided[name] = join(found, path);
    provided[join(root, path)] = join(found, path);
  }
  return provided;
}

function expectedShape(rule: Contract['exports']): ExpectedShape {
  if (rule === undefined) return { closed: false, exports: [] };
  const names = (rules: readonly { readonly name: string }[]): string[] => rules.map(({ name }) => name);
  const exports: ExpectedExport[] = [
    ...rule.variables.map(({ name, value }) => ({ name, kind: 'value' as const, ...(value && { value }) })),
    ...rule.functions.map(expectedFunction),
    ...rule.classes.map(({ name, methods, accessors, statics, staticMethods }) => ({
      name,
      kind: 'class' as const,
      members: names([...methods, ...accessors]),
      statics: names([...statics, ...staticMethods]),
    })),
  ];
  return { closed: rule.policy === 'closed', exports };
}

function expectedFunction({ name, async, generator, params }: FunctionRule): ExpectedExport {
  return {
    name,
    kind: 'function',
    async: async === 'required' ? true : async === 'forbidden' ? false : undefined,
    generator: generator === 'forbidden' ? false : generator === 'sync' || generator === 'async' ? true : undefined,
    maxLength: params === undefined || params.some(({ rest }) => rest) ? undefined : params.length,
  };
}

function handlesOf({ permissions, environment, trust }: EffectiveGrants): HandleGrants | undefined {
  const { mqtt, network, serial = [], gpio = [] } = permissions;
  const { secrets = [], variables = [] } = environment;
  const { publish = [], subscribe = [], maxPayload } = mqtt ?? {};
  const outbound = (network?.outbound ?? []).map(endpointOf);
  const everything = [publish, subscribe, outbound, secrets, variables, serial, gpio];
  if (everything.every(({ length }) => length === 0)) return undefined;
  return {
    publish,
    subscribe,
    maxPayload,
    outbound,
    secrets: secrets.map(({ name }) => name),
    variables: variables.map(({ name, default: value }) => ({
      name,
      default: value === undefined || value === null ? undefined : String(value),
    })),
    serial,
    gpio,
    trust,
  };
}

/** A plugin that works on its own has no deadline per call to hold it. */
const shareOfItsOwn = 0.5;

function limitsOf(
  { onRuntimeViolation }: Contract['enforcement'],
  resources: EffectiveGrants['resources'],
  worksOnItsOwn: boolean,
): CellLimits {
  const { heap, memory, cpu, startupTimeout, callTimeout, ipc, restarts } = resources;
  return {
    heapBytes: heap ?? defaultLimits.heapBytes,
    memoryBytes: memory ?? Math.max(defaultLimits.memoryBytes, 2 * (heap ?? 0)),
    cpu: cpu ?? (worksOnItsOwn ? shareOfItsOwn : undefined),
    startupMs: startupTimeout ?? defaultLimits.startupMs,
    callMs: callTimeout ?? defaultLimits.callMs,
    messageBytes: ipc?.message ?? defaultLimits.messageBytes,
    bytesPerSecond: defaultLimits.bytesPerSecond,
    messagesPerSecond: Math.max(10, ipc?.rate ?? defaultLimits.messagesPerSecond),
    restarts: {
      max: restarts?.max ?? defaultLimits.restarts.max,
      windowMs: restarts?.window ?? defaultLimits.restarts.windowMs,
      after: restarts?.then ?? defaultLimits.restarts.after,
    },
    onViolation: onRuntimeViolation ?? defaultLimits.onViolation,
  };
}
