import type { Logger } from 'pino';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Given } from '../admission/open-admission.ts';
import type { HandleGrants } from '../cells/handles/grants.ts';
import type { PlannedHandles } from '../cells/handles/handle-broker.ts';
import { readConfigured } from '../config/read-text.ts';
import type { Config } from '../config/schema.ts';

/**
 * What the site sets for each plugin, read once: what was checked is what the plugin gets. A secret whose file cannot
 * be read counts as missing: its plugin is refused with PC-E103, and no other suffers.
 */
export async function readGiven({ plugins }: Config, log: Logger): Promise<ReadonlyMap<string, Given>> {
  const names = new Set([...Object.keys(plugins.secrets), ...Object.keys(plugins.variables)]);
  const given = new Map<string, Given>();
  for (const plugin of names) {
    const secrets = new Map<string, string>();
    for (const [name, file] of Object.entries(plugins.secrets[plugin] ?? {})) {
      const value = await readSecret(file, `plugins.secrets.${plugin}.${name}`, log);
      if (value !== undefined) secrets.set(name, value);
    }
    const variables = Object.entries(plugins.variables[plugin] ?? {});
    given.set(plugin, { secrets, env: new Map(variables.map(([name, value]) => [name, String(value)])) });
  }
  return given;
}

async function readSecret(file: string, key: string, log: Logger): Promise<string | undefined> {
  try {
    return await readConfigured(file, key);
  } catch (error) {
    if (!(error instanceof PortcullisError)) throw error;
    log.error(error.message);
    return undefined;
  }
}

/** The grants with their values: nothing that the contract does not name reaches the plugin. */
export function plannedHandles(grants: HandleGrants, given: Given | undefined): PlannedHandles {
  const secrets = new Map(
    grants.secrets.flatMap((name) => {
      const value = given?.secrets.get(name);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
  const variables = grants.variables.flatMap(({ name, default: fallback }) => {
    const value = given?.env.get(name) ?? fallback;
    return value === undefined ? [] : [[name, value] as const];
  });
  return { grants, secrets, variables: Object.fromEntries(variables) };
}
