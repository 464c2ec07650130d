import { violationTable } from '../codes.ts';
import type { Check } from '../check-plugin.ts';
import type { HostFacts } from '../host/facts.ts';
import type { ExpectedShape } from '../../lib/live-shape.ts';
import { shownViolations } from '../report/subject.ts';
import { sha256 } from '../source-tree.ts';
import type { Origin, Violation } from '../types.ts';
import { canonicalJson } from './canonical-json.ts';

/** Version of the checks. It is part of the cache key: another engine may decide otherwise. */
export const engineVersion = 'portcullis-admission/1';
const rulesetDigest = sha256(canonicalJson(violationTable));

/** The host as an audit sees it: no value of the environment, only which declared names were set. */
type RecordedHost = Omit<HostFacts, 'env' | 'secrets'> & {
  readonly declared: Readonly<Record<string, 'set' | 'not set'>>;
};

/** What an auditor gets for one decision. `previous` and `signature` are added by the log. */
export interface DecisionRecord {
  readonly format: 'portcullis-decision/v1';
  /** Wall time, ISO 8601 UTC. */
  readonly at: string;
  readonly engine: { readonly version: string; readonly ruleset: string };
  readonly subject: {
    readonly name: string;
    /** Whether it came with the gateway: a policy's names and signatures are asked of others only. */
    readonly origin: Origin;
    readonly package?: string | undefined;
    readonly version?: string | undefined;
    readonly entry?: string | undefined;
    readonly tree: string;
  };
  readonly contract: {
    readonly file: string;
    readonly sha256: string;
    readonly id?: string | undefined;
    readonly version?: string | undefined;
  };
  readonly manifest?: string | undefined;
  readonly policy?: string | undefined;
  readonly lock?: string | undefined;
  readonly host: { readonly sha256: string; readonly facts: RecordedHost };
  readonly decision: Check['decision'];
  readonly executed: boolean;
  readonly violations: readonly Violation[];
  readonly grants: Check['grants'];
  /** Milliseconds. */
  readonly timings: Readonly<Record<string, number>>;
  /** Same tree, documents, host and engine: same decision. */
  readonly cacheKey: string;
  /** What the analysis of the code depended on, and whether its result was taken from a record with the same key. */
  readonly analysis: {
    readonly key: string;
    readonly reused: boolean;
    /** Of an admitted plugin: what its source says about the module that is loaded later. */
    readonly shape?: ExpectedShape | undefined;
  };
}

/** Builds the record of a check. Pure; nothing of it holds a value of the environment or a secret. */
export function decisionRecord(input: {
  readonly name: string;
  readonly origin: Origin;
  readonly at: Date;
  readonly check: Check;
  readonly tree: string;
  readonly contract: { readonly file: string; readonly bytes: Uint8Array };
  readonly policy?: Uint8Array | undefined;
  readonly lock?: Uint8Array | undefined;
  readonly facts: HostFacts;
  readonly timings: Readonly<Record<string, number>>;
  readonly analysis: DecisionRecord['analysis'];
}): DecisionRecord {
  const { check, facts } = input;
  const host = recordedHost(check, facts);
  const violations = shownViolations(check);
  const environment = violations
    .filter((one) => one.code.startsWith('PC-E'))
    .map(({ code, path }) => `${code} ${path}`);
  const digest = (bytes: Uint8Array | undefined): string | undefined => (bytes ? `sha256-${sha256(bytes)}` : undefined);
  const documents = {
    tree: `sha256-${input.tree}`,
    origin: input.origin,
    contract: `sha256-${sha256(input.contract.bytes)}`,
    policy: digest(input.policy),
    // The environment takes part through its verdicts: a hash of a short secret could be guessed back.
    host: `sha256-${sha256(canonicalJson({ host, environment }))}`,
    engine: [engineVersion, rulesetDigest],
  };
  const metadata = check.contract?.value.metadata;
  return {
    format: 'portcullis-decision/v1',
    at: input.at.toISOString(),
    engine: { version: engineVersion, ruleset: `sha256-${rulesetDigest}` },
    subject: {
      name: input.name,
      origin: input.origin,
      package: check.package?.name,
      version: check.package?.version,
      entry: check.entry,
      tree: documents.tree,
    },
    contract: { file: input.contract.file, sha256: documents.contract, id: metadata?.id, version: metadata?.version },
    manifest: digest(check.manifest?.bytes),
    policy: documents.policy,
    lock: digest(input.lock),
    host: { sha256: documents.host, facts: host },
    decision: check.decision,
    executed: check.executed,
    violations,
    grants: check.grants,
    timings: input.timings,
    cacheKey: `sha256-${sha256(canonicalJson(documents))}`,
    analysis: input.analysis,
  };
}

/**
 * Everything that the analysis of code can depend on, in one hash. `engine` is the digest of the checker itself. The
 * environment is left out: no rule about code looks at it.
 */
export function analysisKey({
  facts,
  ...rest
}: {
  readonly engine: string;
  readonly tree: string;
  readonly contract: Uint8Array;
  readonly policy: Uint8Array | undefined;
  readonly provided: readonly unknown[];
  readonly facts: HostFacts;
}): string {
  const { env: _env, secrets: _secrets, ...host } = facts;
  const documents = { contract: sha256(rest.contract), policy: rest.policy && sha256(rest.policy) };
  return `sha256-${sha256(canonicalJson({ ...rest, ...documents, host, ruleset: rulesetDigest }))}`;
}

function recordedHost(check: Check, { env, secrets, ...facts }: HostFacts): RecordedHost {
  const rules = check.contract?.value.environment;
  const names = [...(rules?.variables ?? []), ...(rules?.secrets ?? [])].map(({ name }) => name);
  const declared = names.map((name) => [name, env.has(name) || secrets.has(name) ? 'set' : 'not set'] as const);
  return { ...facts, declared: Object.fromEntries(declared) };
}
