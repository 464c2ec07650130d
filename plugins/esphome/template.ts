import { isObject, numberOf, type Json, type Scalar } from '../../contracts/index.ts';

/**
 * A value template in the forms that devices really send: `{{ value }}`, `{{ value_json.a['b'][0] }}`, then filters.
 * `path` undefined means the payload itself.
 */
export interface Template {
  readonly path?: readonly string[];
  readonly filters?: readonly Filter[];
}

type Filter = readonly ['float'] | readonly ['int'] | readonly ['round', number];

const expression =
  /^\s*\{\{-?\s*(value_json|value)((?:\.[A-Za-z_]\w*|\[\s*(?:'[^'\\]*'|"[^"\\]*"|\d+)\s*\])*)((?:\s*\|\s*\w+(?:\([^()]*\))?)*)\s*-?\}\}\s*$/;
const step = /\.([A-Za-z_]\w*)|\[\s*(?:'([^'\\]*)'|"([^"\\]*)"|(\d+))\s*\]/g;
const filter = /^(float|int|round|is_defined)(?:\(\s*(\d*)\s*\))?$/;
const maxLength = 256;
const maxSteps = 16;

/** Reads a template, or undefined for anything that is not of the known forms: those are never guessed at. */
export function parseTemplate(text: string): Template | undefined {
  if (text.length > maxLength) return undefined;
  const [, base, steps = '', pipes = ''] = expression.exec(text) ?? [];
  if (base === undefined || (base === 'value' && steps !== '')) return undefined;
  const filters: Filter[] = [];
  for (const pipe of pipes.split('|').slice(1)) {
    const [, name, digits = ''] = filter.exec(pipe.trim()) ?? [];
    if (name === undefined) return undefined;
    if (name === 'round') filters.push(['round', Math.min(Number(digits), 15)]);
    // A default for what cannot be read would be a made-up value.
    else if (digits !== '') return undefined;
    else if (name === 'float' || name === 'int') filters.push([name]);
  }
  const path = [...steps.matchAll(step)].map(
    ([, ident, single, double, index]) => ident ?? single ?? double ?? index ?? '',
  );
  if (path.length > maxSteps) return undefined;
  return { ...(base === 'value_json' && { path }), ...(filters.length > 0 && { filters }) };
}

/** What a template makes of a payload: a value, nothing (the message does not have it), or not to be understood. */
export type Rendered = { readonly value: Scalar } | 'absent' | 'unparsed';

/** `json` is the payload as JSON, undefined when it is none. */
export function render(template: Template, text: string, json: Json | undefined): Rendered {
  let value: Json | undefined = text;
  if (template.path !== undefined) {
    if (json === undefined) return 'unparsed';
    value = find(json, template.path);
    if (value === undefined) return 'absent';
  }
  if (typeof value === 'object' && value !== null) return 'unparsed';
  return applyFilters(value, template.filters ?? []);
}

function find(json: Json, path: readonly string[]): Json | undefined {
  let node: Json | undefined = json;
  for (const key of path) {
    if (Array.isArray(node)) node = (node as readonly Json[])[Number(key)];
    else if (isObject(node) && Object.hasOwn(node, key)) node = node[key];
    else return undefined;
  }
  return node;
}

function applyFilters(value: Scalar, filters: readonly Filter[]): Rendered {
  if (filters.length === 0 || value === null) return { value };
  let number = typeof value === 'string' ? numberOf(value) : value;
  if (typeof number !== 'number') return isNoNumber(value) ? { value } : 'unparsed';
  for (const [name, digits] of filters) {
    if (name === 'int') number = Math.trunc(number);
    else if (name === 'round') number = Number(number.toFixed(digits));
  }
  return { value: number };
}

const noNumbers: ReadonlySet<string> = new Set(['nan', 'none', 'unknown', 'unavailable', '']);

/** How sources say that there is no number: ESPHome prints `nan` when a sensor fails, Home Assistant knows `None`. */
export function isNoNumber(value: Scalar): boolean {
  return typeof value === 'string' && noNumbers.has(value.trim().toLowerCase());
}
