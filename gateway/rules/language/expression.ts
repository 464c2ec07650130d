import { Environment, type ASTNode } from '@marcbachmann/cel-js';

/** What a name in an expression is when it has a value. */
export type Value = boolean | number | string;

/** Undefined where a name has no value, or the result cannot be computed (a division by zero, a text beside a number). */
export type Expression = (values: Readonly<Record<string, Value>>) => boolean | undefined;

/**
 * The size of an expression. There is no way to repeat in what is allowed, so each node is computed at most once: the number
 * of nodes bounds the steps.
 */
const limits = { maxAstNodes: 128, maxDepth: 24, maxListElements: 32, maxMapEntries: 0, maxCallArguments: 4 };

/** The parts of CEL that are allowed: no macro (they repeat), no `matches` (it backtracks), no index, map, time or type. */
const operators: ReadonlySet<string> = new Set([
  'value',
  'id',
  'list',
  'call',
  'rcall',
  '?:',
  '||',
  '&&',
  '!_',
  '-_',
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  '+',
  '-',
  '*',
  '/',
  'in',
]);
const functions: ReadonlySet<string> = new Set(['abs', 'min', 'max']);
const methods: ReadonlySet<string> = new Set(['startsWith', 'endsWith', 'contains']);

/** Throws an Error with a sentence for an expression that is wrong, too large, or does what it must not. */
export function parseExpression(text: string, names: readonly string[]): Expression {
  const environment = new Environment({ limits });
  for (const name of names) environment.registerVariable(name, 'dyn');
  environment
    .registerFunction('abs(double): double', (a: number) => Math.abs(a))
    .registerFunction('min(double, double): double', (a: number, b: number) => Math.min(a, b))
    .registerFunction('max(double, double): double', (a: number, b: number) => Math.max(a, b));
  const parsed = environment.parse(withDecimals(text, environment));
  allow(parsed.ast);
  const checked = parsed.check();
  if (!checked.valid) throw new Error(firstLine(checked.error?.message ?? 'is no expression'));
  if (checked.type !== 'bool' && checked.type !== 'dyn') throw new Error(`tells a ${checked.type}, not true or false`);
  return (values) => {
    if (names.some((name) => values[name] === undefined)) return undefined;
    try {
      const result: unknown = parsed(values);
      return typeof result === 'boolean' ? result : undefined;
    } catch {
      // What cannot be computed is no answer: neither true nor false.
      return undefined;
    }
  };
}

/** Numbers of devices are decimal, and CEL mixes no whole numbers with those: `20` is meant as `20.0`. */
function withDecimals(text: string, environment: Environment): string {
  const whole: { readonly start: number; readonly end: number }[] = [];
  walk(environment.parse(text).ast, (node) => {
    if (node.op === 'value' && typeof node.args === 'bigint') whole.push(node);
  });
  let out = text;
  for (const { start, end } of whole.toSorted((a, b) => b.start - a.start)) {
    const literal = text.slice(start, end);
    if (/^\d+$/.test(literal)) out = `${out.slice(0, end)}.0${out.slice(end)}`;
  }
  return out;
}

function allow(ast: ASTNode): void {
  walk(ast, (node) => {
    if (!operators.has(node.op)) throw new Error(`${node.op} is not allowed in an expression`);
    if (node.op === 'call' && !functions.has(node.args[0])) throw new Error(`there is no function ${node.args[0]}`);
    if (node.op === 'rcall' && !methods.has(node.args[0]))
      throw new Error(`${node.args[0]} is not allowed in an expression`);
  });
}

function walk(node: ASTNode, visit: (node: ASTNode) => void): void {
  visit(node);
  for (const each of [node.args].flat(2) as unknown[]) if (isNode(each)) walk(each, visit);
}

const isNode = (value: unknown): value is ASTNode => typeof value === 'object' && value !== null && 'op' in value;
const firstLine = (text: string): string => text.split('\n', 1)[0] ?? text;
