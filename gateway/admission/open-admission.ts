import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Clock } from '../lib/clock.ts';
import { admitPlugins } from './admit-plugins.ts';
import type { Admission } from './admit-plugins.ts';
import { noIsolation } from './host/facts.ts';
import type { Isolation } from './host/facts.ts';
import { probeHost } from './host/probe.ts';
import { providedModules } from './provided-modules.ts';
import { decisionKey, openRecords } from './record/open-records.ts';
import { readSourceTree, treeHash } from './source-tree.ts';
import { contentStore } from './store.ts';
import type { AnalysePlugin, Origin } from './types.ts';

export interface AdmissionSettings {
  /** Key, decision log and store live in `<dataDir>/admission/`. */
  readonly dataDir: string;
  /** Folders with `<name>.contract.yaml`: the gateway's own and the site's. */
  readonly contracts: readonly string[];
  /** HostPolicy file of the site. */
  readonly policy?: string | undefined;
  /** What the gateway's cells can do on this host. Without it nothing is assumed: what asks for a handle is refused. */
  readonly isolation?: Isolation;
  /** Variables and secrets that one plugin would get; nothing by default, and never the gateway's own environment. */
  readonly given?: (plugin: string) => Given | undefined;
}

/** What the site sets for one plugin. */
export interface Given {
  readonly env: ReadonlyMap<string, string>;
  readonly secrets: ReadonlyMap<string, string>;
}

/** The door of a gateway: every plugin passes it at every start, and every decision is on record. */
export interface Door extends AsyncDisposable {
  /**
   * Checks the plugins of a folder, refused ones among the results. With `stored` the admitted bytes are kept in the
   * content-addressed store and `run.folder` is there; otherwise it is the plugin's own folder.
   */
  admit(folder: string, how: { readonly stored: boolean; readonly origin: Origin }): Promise<readonly Admission[]>;
}

/**
 * Opens the door: makes the gateway's decision key at the first start (mode 0600), checks the chain of the decision log.
 * A broken log is set aside with an alarm and a new one begins: nothing is appended to it, and the house keeps working.
 * Throws PortcullisError (FILE_UNREADABLE).
 */
export async function openAdmission(
  settings: AdmissionSettings,
  { log, clock }: { readonly log: Logger; readonly clock: Clock },
): Promise<Door> {
  const home = join(settings.dataDir, 'admission');
  await mkdir(home, { recursive: true, mode: 0o700 });
  const key = await decisionKey(join(home, 'decision-key.pem'));
  const records = await openRecords(join(home, 'decisions.jsonl'), { key, log, clock });
  const nothing = { env: new Map<string, string>(), secrets: new Map<string, string>() };
  const host = probeHost({ ...nothing, isolation: settings.isolation ?? noIsolation });
  // Another checker may decide otherwise: its own files are part of what a decision depends on.
  const engine = treeHash(await readSourceTree(import.meta.dirname));
  const store = contentStore(join(home, 'store'));
  return {
    admit: (folder, { stored, origin }) =>
      admitPlugins(folder, {
        contracts: settings.contracts,
        policy: settings.policy,
        origin,
        facts: (plugin) => ({ ...host, ...(settings.given?.(plugin) ?? nothing) }),
        // Every plugin folder lies directly in `folder`, so the way to the plugin API is the same for all.
        provided: providedModules(join(folder, 'any')),
        analyse: analyseLazily,
        shapeOf: async (input) => (await import('./code/static-shape.ts')).staticShape(input),
        engine,
        ...(stored ? { store } : {}),
        records,
        log,
        clock,
      }),
    [Symbol.asyncDispose]: () => records[Symbol.asyncDispose](),
  };
}

/** The parser is loaded for the first plugin whose code has to be analysed: at most starts there is none. */
const analyseLazily: AnalysePlugin = async (input) => {
  const { analysePlugin } = await import('./code/analyse-plugin.ts');
  return analysePlugin(input);
};
