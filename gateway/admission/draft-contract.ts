import { stringify } from 'yaml';
import { entryOf, packageIdentity } from './identity.ts';
import { contractVersion } from './language/grammar.ts';
import { readContract } from './language/read-contract.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import type { OutlinePlugin, ProvidedModule, SourceTree } from './types.ts';

const head = `# Drafted from the code: it says what the plugin does today, not what it should be allowed to do.
# Review every line. Nothing is granted that is not written here.
`;

/**
 * The text of a strict contract that fits the code as it is: its exports, the imports that resolve, nothing else
 * granted. Throws PortcullisError (CONFIG_INVALID) when the code has no form that the language can say.
 */
export async function draftContract(input: {
  readonly tree: SourceTree;
  /** Used as the contract's id when package.json has no name. */
  readonly name: string;
  readonly outline: OutlinePlugin;
  readonly provided: readonly ProvidedModule[];
}): Promise<string> {
  const { tree, provided } = input;
  const empty = readContract(Buffer.from(`apiVersion: ${contractVersion}\nkind: PluginContract\n`), 'draft');
  if (!empty.document) throw new PortcullisError('INTERNAL', 'The smallest contract does not read.');
  const entry = entryOf(tree, empty.document.value);
  const outline = await input.outline({ root: tree, entry, provided });
  const identity = packageIdentity(tree);
  const draft = {
    apiVersion: contractVersion,
    kind: 'PluginContract',
    profile: 'strict',
    metadata: { id: identity?.name ?? input.name, version: '0.1.0' },
    plugin: {
      ...(identity?.name === undefined ? {} : { package: identity.name }),
      ...(identity?.version === undefined ? {} : { version: `^${identity.version}` }),
      entry,
      format: outline.commonjs ? 'allow-cjs' : 'esm',
      sideEffects: outline.effects ? 'warn' : 'forbid',
    },
    exports: outline.exports,
    imports: {
      builtins: [...outline.builtins],
      packages: outline.packages.map(({ name, version }) =>
        version === undefined ? { name } : { name, version: `^${version}` },
      ),
      undeclared: 'deny',
      dynamic: 'literal-only',
      installScripts: 'deny',
    },
    environment: { variables: [], secrets: [] },
    permissions: {},
  };
  const text = `${head}${stringify(draft, { version: '1.2', schema: 'core', aliasDuplicateObjects: false, lineWidth: 110 })}`;
  const read = readContract(Buffer.from(text), 'the draft');
  const [problem] = read.violations ?? [];
  if (problem)
    throw new PortcullisError('CONFIG_INVALID', `The code cannot be said in the language: ${problem.observed}.`);
  return text;
}
