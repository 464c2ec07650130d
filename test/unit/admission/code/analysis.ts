import { analysePlugin } from '../../../../gateway/admission/code/analyse-plugin.ts';
import { readContract } from '../../../../gateway/admission/language/read-contract.ts';
import type { AnalysisInput, SourceTree, Violation } from '../../../../gateway/admission/types.ts';

export type Files = Readonly<Record<string, string | Uint8Array>>;

export function treeOf(files: Files, links: Readonly<Record<string, string>> = {}): SourceTree {
  const bytes = Object.entries(files).map(([path, content]): [string, Uint8Array] => [
    path,
    typeof content === 'string' ? new TextEncoder().encode(content) : content,
  ]);
  return { files: new Map(bytes), links: new Map(Object.entries(links)) };
}

/** Analyses files against a contract fragment in YAML, read by the language's own reader. */
export async function analyse(
  contract: string,
  files: Files,
  more: Partial<Pick<AnalysisInput, 'provided' | 'entry'>> & {
    profile?: 'strict';
    links?: Readonly<Record<string, string>>;
  } = {},
): Promise<readonly Violation[]> {
  const profile = more.profile ?? 'structural';
  const head = `apiVersion: plugin-contract/v1\nkind: PluginContract\nprofile: ${profile}\n`;
  const { document, violations } = readContract(new TextEncoder().encode(head + contract), 'contract.yaml');
  if (document === undefined) throw new Error(`the contract of the test is wrong: ${JSON.stringify(violations)}`);
  const { plugin, types, exports, imports } = document.value;
  const entry = more.entry ?? ['plugin.ts', 'plugin.js'].find((name) => name in files) ?? 'plugin.ts';
  const code = { profile, plugin, types, exports, imports } as const;
  return analysePlugin({ root: treeOf(files, more.links), entry, contract: code, profile, provided: more.provided });
}

/** Codes of errors, sorted, without doubles. */
export async function codes(...args: Parameters<typeof analyse>): Promise<string[]> {
  const found = await analyse(...args);
  return [...new Set(found.filter(({ severity }) => severity === 'error').map(({ code }) => code))].sort();
}
