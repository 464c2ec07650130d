import type { CodeContract, ExportsRule, Violation } from '../types.ts';
import { nearest } from '../language/nearest.ts';
import { violation } from '../violation.ts';
import { compareClass } from './compare-class.ts';
import { compareFunction } from './compare-function.ts';
import { compareValue } from './compare-value.ts';
import { withDeclaredTypes } from './declared-types.ts';
import { exportedNames } from './find-export.ts';
import { differs, missing, unknown, type Findings, type Subject } from './findings.ts';
import type { ModuleStore } from './module-store.ts';
import type { ParsedModule } from './parse-source.ts';
import { exportShape, type ExportShape } from './shape.ts';

/** What the entry exports against the contract (PC-S101 to PC-S105), every difference in one pass. */
export function compareExports(store: ModuleStore, entry: ParsedModule, contract: CodeContract): Violation[] {
  const list: Violation[] = [];
  const { names, open } = exportedNames(store, entry);
  if (names.has('then')) {
    const place = exportShape(store, entry, 'then')?.place ?? entry.place(0);
    list.push(violation('PC-S105', 'exports', { ...place, subject: 'then', observed: 'an export named "then"' }));
  }
  const { exports } = contract;
  if (exports === undefined) return list;
  if (entry.commonjs && contract.plugin.format === 'esm') {
    list.push(
      violation('PC-S103', 'plugin.format', {
        ...entry.place(0),
        subject: entry.path,
        expected: 'an ES module',
        observed: 'CommonJS',
      }),
    );
  }
  const context = { store, entry, names, open, contract, list };
  for (const rule of exports.variables) compareOne(context, rule, 'variable');
  for (const rule of exports.functions) compareOne(context, rule, 'function');
  for (const rule of exports.classes) compareOne(context, rule, 'class');
  checkExtra(context, exports);
  return list;
}

interface Context {
  readonly store: ModuleStore;
  readonly entry: ParsedModule;
  readonly names: ReadonlySet<string>;
  readonly open: boolean;
  readonly contract: CodeContract;
  readonly list: Violation[];
}
type RuleOf = {
  variable: ExportsRule['variables'][number];
  function: ExportsRule['functions'][number];
  class: ExportsRule['classes'][number];
};

function compareOne<Kind extends keyof RuleOf>(context: Context, rule: RuleOf[Kind], kind: Kind): void {
  const { store, entry, contract, names, list } = context;
  const findings: Findings = { list: [], deferToLive: rule.deferToLive };
  const found = exportShape(store, entry, rule.name);
  const subject: Subject = { name: rule.name, place: found?.place ?? entry.place(0) };
  if (found === undefined) {
    missing({ ...findings, list }, rule.at, subject, nearest(rule.name, names));
    return;
  }
  const { shape, lie } = withDeclaredTypes(store, entry, rule.name, found);
  compareKind(shape, rule, kind, { subject, named: contract.types, findings });
  // A declaration file that lies is no reason to refuse what the code alone shows to be right; else it is the reason.
  if (lie === undefined || findings.list.length === 0) list.push(...findings.list);
  else differs({ ...findings, list }, rule.at, subject, ['a declaration file that agrees with the code', lie]);
}

function compareKind<Kind extends keyof RuleOf>(
  shape: ExportShape,
  rule: RuleOf[Kind],
  kind: Kind,
  context: Parameters<typeof compareFunction>[2],
): void {
  const { findings, subject } = context;
  if (shape.is === 'unknown' || (shape.is === 'variable' && shape.variable.computed && kind !== 'variable')) {
    // That there is a variable is known even where its value is not.
    const observed = shape.is === 'unknown' ? shape.why : 'a computed value';
    unknown(findings, rule.at, subject, [`a ${kind}`, observed]);
    return;
  }
  if (shape.is !== kind) {
    differs(findings, rule.at, subject, [`a ${kind}`, `a ${shape.is}`]);
    return;
  }
  compareSame(shape, rule, context);
}

function compareSame(
  shape: ExportShape,
  rule: RuleOf[keyof RuleOf],
  context: Parameters<typeof compareFunction>[2],
): void {
  if (shape.is === 'function') compareFunction(rule as RuleOf['function'], shape.function, context);
  else if (shape.is === 'class') compareClass(rule as RuleOf['class'], shape.class, context);
  else if (shape.is === 'variable') {
    const variable = rule as RuleOf['variable'];
    if (variable.const && !shape.variable.const) {
      differs(context.findings, `${rule.at}.const`, context.subject, ['const', 'let or var']);
    }
    compareValue(variable, shape.variable, context);
  }
}

/** Value exports that the contract does not name; types do not count. */
function checkExtra({ store, entry, names, open, list }: Context, rule: ExportsRule): void {
  if (rule.policy === 'open') return;
  const severity = rule.policy === 'closed' ? 'error' : 'warning';
  const known = new Set([...rule.variables, ...rule.functions, ...rule.classes].map(({ name }) => name));
  for (const name of names) {
    if (known.has(name) || name === 'then') continue;
    const place = exportShape(store, entry, name)?.place ?? entry.place(0);
    list.push(violation('PC-S104', `${rule.at}.policy`, { ...place, subject: name, observed: name, severity }));
  }
  if (!open) return;
  const observed = 'exports that come from elsewhere and cannot be listed';
  list.push(
    violation('PC-S103', `${rule.at}.policy`, {
      ...entry.place(0),
      subject: entry.path,
      expected: 'a closed list of exports',
      observed,
      severity,
    }),
  );
}
