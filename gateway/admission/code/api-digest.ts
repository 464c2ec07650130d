import { createHash } from 'node:crypto';
import type { PluginRule, SourceTree, Violation } from '../types.ts';
import { violation } from '../violation.ts';
import { signatureText, typeText } from './code-type.ts';
import { exportedNames } from './find-export.ts';
import type { FunctionShape } from './function-shape.ts';
import type { MemberShape } from './class-shape.ts';
import type { ModuleStore } from './module-store.ts';
import type { ParsedModule } from './parse-source.ts';
import { exportShape, type ExportShape } from './shape.ts';

/**
 * The API surface of a plugin as text: one line per export or member, sorted, so that it can be committed and a
 * change of it be reviewed. Names of parameters take part, comments and order of the source do not.
 */
export function apiReport(store: ModuleStore, entry: ParsedModule): string {
  const lines = [...exportedNames(store, entry).names].sort().flatMap((name) => {
    const shape = exportShape(store, entry, name);
    return shape === undefined ? [] : describe(name, shape);
  });
  return `${lines.join('\n')}\n`;
}

/** The surface against the committed report and its digest (PC-S107). */
export function checkApi(store: ModuleStore, entry: ParsedModule, plugin: PluginRule, root: SourceTree): Violation[] {
  const { api } = plugin;
  if (api === undefined) return [];
  const report = apiReport(store, entry);
  const hash = createHash('sha256').update(report);
  const hex = hash.copy().digest('hex');
  const found: Violation[] = [];
  const base = { ...entry.place(0), subject: entry.path };
  const same = [`sha256-${hex}`, `sha256:${hex}`, `sha256-${hash.digest('base64')}`];
  if (api.digest !== undefined && !same.includes(api.digest)) {
    found.push(violation('PC-S107', 'plugin.api.digest', { ...base, expected: api.digest, observed: `sha256-${hex}` }));
  }
  if (api.report === undefined) return found;
  const bytes = root.files.get(api.report.replace(/^\.\//, ''));
  const committed = bytes === undefined ? undefined : new TextDecoder().decode(bytes).replaceAll('\r\n', '\n');
  if (committed?.trimEnd() !== report.trimEnd()) {
    const observed = committed === undefined ? 'no such file' : firstDifference(committed, report);
    found.push(violation('PC-S107', 'plugin.api.report', { ...base, expected: api.report, observed }));
  }
  return found;
}

function firstDifference(committed: string, report: string): string {
  const [before, now] = [committed.trimEnd().split('\n'), report.trimEnd().split('\n')];
  const at = now.findIndex((line, i) => line !== before[i]);
  return at < 0 ? `without ${before[now.length] ?? ''}` : `line ${at + 1}: ${now[at]?.slice(0, 200)}`;
}

function describe(name: string, shape: ExportShape): string[] {
  if (shape.is === 'function') return functionLines(`function ${name}`, shape.function);
  if (shape.is === 'variable') {
    const { variable } = shape;
    return [`${variable.const ? 'const' : 'let'} ${name}: ${typeText(variable.type)}`];
  }
  if (shape.is !== 'class') return [`${shape.is} ${name}`];
  const { ancestors, construct, members, statics } = shape.class;
  const parents = ancestors.map((each) => each.name ?? '?').join(' < ');
  const head = `class ${name}${parents === '' ? '' : ` extends ${parents}`}`;
  const made =
    construct === undefined
      ? []
      : [`${name}.constructor${signatureText({ params: construct, returns: { is: 'void' } })}`];
  const lines = (group: ReadonlyMap<string, MemberShape>, prefix: string): string[] =>
    [...group]
      .filter(([, each]) => !each.hidden)
      .flatMap(([key, each]) => memberLines(`${prefix}${key}`, each))
      .sort();
  return [head, ...made, ...lines(statics, `static ${name}.`), ...lines(members, `${name}.`)];
}

function memberLines(name: string, shape: MemberShape): string[] {
  if (shape.is === 'method') return functionLines(name, shape.function);
  if (shape.is === 'field') return [`${name}: ${typeText(shape.type)}`];
  const get = shape.get === undefined ? [] : [`get ${name}: ${typeText(shape.get)}`];
  return shape.set === undefined ? get : [...get, `set ${name}: ${typeText(shape.set)}`];
}

function functionLines(name: string, { signatures, async, generator }: FunctionShape): string[] {
  const kind = `${async === true ? 'async ' : ''}${generator === true ? '* ' : ''}`;
  return signatures.map((each) => `${kind}${name}${signatureText(each)}`);
}
