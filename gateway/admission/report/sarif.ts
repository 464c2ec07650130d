import { isAbsolute, posix, relative, resolve, sep } from 'node:path';
import { violationTable } from '../codes.ts';
import type { Violation } from '../types.ts';
import { sentenceOf, shownViolations } from './subject.ts';
import type { Subject } from './subject.ts';

const levels = { error: 'error', warning: 'warning', note: 'note' } as const;
const ids = Object.keys(violationTable) as (keyof typeof violationTable)[];

/** A URI relative to the repository (`root`), or to the subject's own folder when that lies outside; never absolute. */
function relativeUri(path: string, root: string): string {
  const from = relative(root, resolve(root, path));
  const inside = from !== '' && !from.startsWith('..') && !isAbsolute(from) ? from : path;
  const parts = inside
    .split(sep)
    .join(posix.sep)
    .split('/')
    .filter((part) => part !== '' && part !== '.' && part !== '..');
  return parts.map(encodeURIComponent).join('/');
}

/** SARIF 2.1.0 for code scanning: one run, a rule with help text per code, repository-relative URIs. */
export function sarifReport(subjects: readonly Subject[], root: string): string {
  const results = subjects.flatMap((subject) =>
    shownViolations(subject.check).map((one) => resultOf(one, subject, root)),
  );
  const rules = ids.map((id) => ({
    id,
    name: id.replace('-', ''),
    shortDescription: { text: violationTable[id].means },
    fullDescription: { text: violationTable[id].means },
    help: { text: violationTable[id].help, markdown: `**${violationTable[id].means}** ${violationTable[id].help}` },
    defaultConfiguration: { level: 'error' },
  }));
  const failed = subjects.some(({ check }) => check.exit === 3);
  const report = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'portcullis', rules } },
        originalUriBaseIds: { SRCROOT: { description: { text: 'The root of the repository.' } } },
        invocations: [{ executionSuccessful: !failed }],
        columnKind: 'utf16CodeUnits',
        results,
      },
    ],
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}

function resultOf(one: Violation, { name, contractFile }: Subject, root: string): object {
  const contract = place(contractFile, root, one.contractLine ?? 1);
  const ofDocument = one.file === undefined || one.file === contractFile;
  const code = ofDocument
    ? place(contractFile, root, one.line ?? one.contractLine ?? 1, one.column)
    : placeInPlugin(one, name, root);
  const related = !ofDocument && one.contractLine !== undefined;
  return {
    ruleId: one.code,
    ruleIndex: ids.indexOf(one.code),
    level: levels[one.severity],
    message: { text: sentenceOf(one, violationTable[one.code].means) },
    locations: [code],
    ...(related ? { relatedLocations: [{ id: 1, message: { text: `The rule: ${one.path}` }, ...contract }] } : {}),
    properties: { contractPath: one.path, confidence: one.confidence, remedy: one.remedy },
  };
}

function placeInPlugin(one: Violation, folder: string, root: string): object {
  const file = one.file ?? '';
  const outside = isAbsolute(folder) || folder.startsWith('..');
  return place(outside ? file : posix.join(folder.split(sep).join('/'), file), root, one.line ?? 1, one.column);
}

function place(path: string, root: string, line: number, column?: number): object {
  return {
    physicalLocation: {
      artifactLocation: { uri: relativeUri(path, root), uriBaseId: 'SRCROOT' },
      region: { startLine: Math.max(1, line), ...(column === undefined ? {} : { startColumn: Math.max(1, column) }) },
    },
  };
}
