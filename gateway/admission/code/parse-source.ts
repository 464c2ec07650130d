import { parseSync } from 'oxc-parser';
import type { EcmaScriptModule, Program } from 'oxc-parser';
import { nestingFault } from './nesting-guard.ts';

/** Larger files are refused: a bundle of this size cannot be reviewed, and parsing it would stall the gateway. */
export const maxSourceBytes = 2 * 1024 * 1024;

export interface Place {
  readonly file: string;
  /** First line and column are 1; columns count UTF-16 code units. */
  readonly line: number;
  readonly column: number;
}

export interface ParsedModule {
  readonly path: string;
  readonly text: string;
  readonly program: Program;
  readonly record: EcmaScriptModule;
  readonly commonjs: boolean;
  /** Written in TypeScript, so that annotations can be expected. */
  readonly typed: boolean;
  place(offset: number): Place;
}

export interface ParseFault {
  readonly reason: string;
  readonly place: Place;
}

export type ParseOutcome = { readonly module: ParsedModule } | { readonly fault: ParseFault };

/** Which parser a file needs; undefined for a file that holds no code that can be analysed. */
export function languageOf(path: string): 'js' | 'ts' | 'dts' | undefined {
  if (/\.d\.[cm]?ts$/.test(path)) return 'dts';
  if (/\.[cm]?ts$/.test(path)) return 'ts';
  return /\.[cm]?js$/.test(path) ? 'js' : undefined;
}

/**
 * Parses one file and never runs it. `packageType` is the `type` of the nearest package.json; without it a file
 * counts as ESM unless only CommonJS can parse it, as Node's own syntax detection has it.
 */
export function parseSource(path: string, bytes: Uint8Array, packageType?: 'module' | 'commonjs'): ParseOutcome {
  const start: Place = { file: path, line: 1, column: 1 };
  const fault = (reason: string, place = start): ParseOutcome => ({ fault: { reason, place } });
  const lang = languageOf(path);
  if (lang === undefined) return fault('not a JavaScript or TypeScript file');
  if (bytes.byteLength > maxSourceBytes) return fault(`larger than ${maxSourceBytes} bytes`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return fault('not valid UTF-8');
  }
  const nested = nestingFault(text);
  if (nested !== undefined) return fault(`too deep to analyse: ${nested}`);
  const place = placer(path, text);
  const asModule = /\.m[jt]s$/.test(path) || (packageType !== 'commonjs' && !/\.c[jt]s$/.test(path));
  const asScript = /\.c[jt]s$/.test(path) || (packageType !== 'module' && !/\.m[jt]s$/.test(path));
  let first: ParseOutcome | undefined;
  for (const sourceType of [asModule && 'module', asScript && 'commonjs'] as const) {
    if (sourceType === false) continue;
    const result = parseSync(path, text, { lang, sourceType, preserveParens: false });
    const error = result.errors.find((each) => (each.severity as string) === 'Error');
    if (error === undefined) {
      const { program, module: record } = result;
      const commonjs = sourceType === 'commonjs' || (!record.hasModuleSyntax && looksCommonjs(text));
      return { module: { path, text, program, record, commonjs, typed: lang !== 'js', place } };
    }
    first ??= fault(error.message, place(error.labels[0]?.start ?? 0));
  }
  return first ?? fault('no parser fits');
}

/** Only decides between two readings of a file without `import` and `export`. */
function looksCommonjs(text: string): boolean {
  return /\bmodule\.exports\b|\bexports\.\w|\bexports\[|\brequire\s*\(/.test(text);
}

function placer(file: string, text: string): (offset: number) => Place {
  let starts: number[] | undefined;
  return (offset) => {
    if (starts === undefined) {
      starts = [0];
      for (const match of text.matchAll(/\r\n|[\n\r\u2028\u2029]/g)) starts.push(match.index + match[0].length);
    }
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { file, line: low + 1, column: offset - starts[low]! + 1 };
  };
}
