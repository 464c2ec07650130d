import type { Contract, Policy } from '../contract.ts';
import type { HostFacts } from '../host/facts.ts';
import type { EvidenceRule, IntegrityRule } from '../language/grammar-integrity.ts';
import { sha256 } from '../source-tree.ts';
import type { SourceTree, Violation } from '../types.ts';
import { violation } from '../violation.ts';
import { checkContainer } from './check-container.ts';
import { checkFileList, checkFiles, checkTree, fileListName, hashEquals } from './file-list.ts';
import { signatureFault, signatureFile } from './signature.ts';

/** Hashes, undeclared files, links, signatures, provenance, evidence and the container image of one package. */
export function checkIntegrity(
  tree: SourceTree,
  contract: Contract,
  { policy, facts }: { policy?: Policy; facts: HostFacts },
): readonly Violation[] {
  const rule = contract.integrity ?? {};
  const listed = typeof rule.files === 'object' ? rule.files : undefined;
  return [
    ...checkLinks(tree),
    ...checkTree(tree, rule.tree),
    ...(listed ? checkFiles(tree, listed, 'integrity.files') : []),
    ...checkFileList(tree, rule.files === 'manifest' || rule.signatures !== undefined),
    ...checkSignatures(tree, rule.signatures, policy),
    ...checkProvenance(rule.provenance, facts),
    ...checkSbom(tree, rule.sbom),
    ...contract.evidence.flatMap((one, i) => checkEvidence(one, facts, `evidence[${i}]`)),
    ...checkContainer(tree, rule.container),
  ];
}

/** A link may be turned to anything after the check, so none is stored (always on). */
function checkLinks(tree: SourceTree): readonly Violation[] {
  return [...tree.links].map(([file, to]) =>
    violation('PC-D110', '', { subject: file, file, expected: 'a plain file', observed: `a link to ${to}` }),
  );
}

type SignatureRule = NonNullable<IntegrityRule['signatures']>;
type OneSignature = NonNullable<SignatureRule['anyOf']>[number];

function checkSignatures(
  tree: SourceTree,
  rule: SignatureRule | undefined,
  policy: Policy | undefined,
): readonly Violation[] {
  const given = { manifest: tree.files.get(fileListName), signatures: tree.files.get(signatureFile) };
  const keys = policy?.keys ?? [];
  const faultOf = (one: OneSignature): string | undefined => {
    if ('sigstore' in one) return 'no verifier for sigstore is configured';
    const key = keys.find((trusted) => trusted.id === one.ed25519);
    return key ? signatureFault(given, key) : `the key "${one.ed25519}" is not trusted by this site`;
  };
  const found: Violation[] = [];
  const missing = (path: string, faults: readonly (string | undefined)[]): void => {
    found.push(
      violation('PC-I105', path, { expected: 'a valid signature', observed: faults.filter(Boolean).join('; ') }),
    );
  };
  const any = rule?.anyOf?.map(faultOf);
  if (any?.every((fault) => fault !== undefined) === true) missing('integrity.signatures.anyOf', any);
  rule?.allOf?.forEach((one, i) => {
    const fault = faultOf(one);
    if (fault !== undefined) missing(`integrity.signatures.allOf[${i}]`, [fault]);
  });
  if (policy?.integrity?.signatures === 'required' && !keys.some((key) => signatureFault(given, key) === undefined)) {
    missing('', keys.length === 0 ? ['this site trusts no key'] : keys.map((key) => signatureFault(given, key)));
  }
  return found;
}

/** Only the site's own evidence counts; no package can vouch for itself. */
function checkProvenance(rule: IntegrityRule['provenance'], facts: HostFacts): readonly Violation[] {
  if (rule?.required !== true) return [];
  const proven = facts.evidence.some(
    (record) =>
      record.kind === 'provenance' &&
      record.observed &&
      record.status === 'verified' &&
      (rule.source === undefined || record.subject === rule.source),
  );
  if (proven) return [];
  return [
    violation('PC-I105', 'integrity.provenance', {
      expected: 'verified provenance',
      observed: 'none that was verified',
    }),
  ];
}

function checkSbom(tree: SourceTree, rule: IntegrityRule['sbom']): readonly Violation[] {
  const { digest } = rule ?? {};
  if (digest === undefined || [...tree.files.values()].some((content) => hashEquals(digest, sha256(content))))
    return [];
  return [violation('PC-I105', 'integrity.sbom', { expected: digest, observed: 'no file with this digest' })];
}

function checkEvidence(rule: EvidenceRule, facts: HostFacts, path: string): readonly Violation[] {
  const wanted = rule.status ?? 'verified';
  const records = facts.evidence.filter(
    (one) =>
      one.kind === rule.kind &&
      one.subject === rule.subject &&
      (rule.provider === undefined || one.provider === rule.provider),
  );
  const counts = records.some((one) => one.observed && (one.status === wanted || one.status === 'verified'));
  if (counts) return [];
  const observed =
    records.length === 0
      ? 'no record'
      : records.some((one) => one.observed)
        ? 'a record of another status'
        : 'a record without an observation';
  const subject = `${rule.kind} of ${rule.subject}`;
  return [violation('PC-I105', path, { subject, expected: `${subject}, ${wanted}`, observed })];
}
