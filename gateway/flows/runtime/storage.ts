import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GatewayLine } from './gateway-line.ts';

const templates = join(import.meta.dirname, '../templates');
/** Where the shipped flows are in the editor's library, beside those that people save. */
const shipped = 'Portcullis';

interface LibraryItem {
  readonly path: string;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly body: string;
}
type Listed = string | (Record<string, unknown> & { readonly fn: string });

/**
 * Node-RED's storage over the gateway's database. Credentials wait for the flows they belong to, which Node-RED saves
 * right after them: both are one commit.
 */
export function gatewayStorage(gateway: Pick<GatewayLine, 'ask'>) {
  let credentials: string | undefined;
  let latest: Promise<{ readonly flows: string; readonly credentials: string }> | undefined;
  const document = async (name: 'settings' | 'sessions'): Promise<object> => {
    const { text } = await gateway.ask('document.read', { name });
    return parseOr(text, {});
  };
  const putDocument = async (name: 'settings' | 'sessions', value: object): Promise<void> => {
    await gateway.ask('document.write', { name, text: JSON.stringify(value) });
  };
  const itemsOf = async (type: string): Promise<readonly LibraryItem[]> => {
    const { entries } = await gateway.ask('library.list', { type });
    const saved = entries.map(({ path, meta, body }) => ({ path, meta: parseOr(meta, {}), body }));
    return type === 'flows' ? [...shippedFlows(), ...saved] : saved;
  };

  return {
    init: async () => undefined,
    async getFlows() {
      latest = gateway.ask('flows.read', {});
      return JSON.parse((await latest).flows) as object[];
    },
    async getCredentials() {
      return parseOr((await (latest ?? gateway.ask('flows.read', {}))).credentials, {});
    },
    async saveCredentials(given: object) {
      credentials = JSON.stringify(given);
    },
    async saveFlows(flows: object[], user?: { readonly username?: string }) {
      const kept = credentials;
      credentials = undefined;
      await gateway.ask('flows.write', {
        flows: JSON.stringify(flows),
        ...(kept !== undefined && { credentials: kept }),
        ...(user?.username !== undefined && { by: user.username.slice(0, 128) }),
      });
    },
    getSettings: () => document('settings'),
    saveSettings: (value: object) => putDocument('settings', value),
    getSessions: () => document('sessions'),
    saveSessions: (value: object) => putDocument('sessions', value),
    getLibraryEntry: async (type: string, path: string) => entryAt(await itemsOf(type), path, type),
    async saveLibraryEntry(type: string, path: string, meta: object, body: string) {
      if (type === 'flows' && clean(path).startsWith(`${shipped}/`))
        throw new Error('The shipped flows stay as they are.');
      await gateway.ask('library.write', { type, path: clean(path), meta: JSON.stringify(meta), body });
    },
  };
}

/** The text of an entry, or what is in a folder: names of folders, and entries with what is said of them. */
export function entryAt(items: readonly LibraryItem[], path: string, type: string): unknown {
  const wanted = clean(path);
  const found = items.find((item) => item.path === wanted);
  if (found !== undefined) return type === 'flows' ? (JSON.parse(found.body) as unknown) : found.body;
  const folder = wanted === '' ? '' : `${wanted}/`;
  const folders = new Set<string>();
  const files: Listed[] = [];
  for (const { path, meta } of items.filter((item) => item.path.startsWith(folder))) {
    const [name = '', ...deeper] = path.slice(folder.length).split('/');
    if (deeper.length > 0) folders.add(name);
    else files.push({ ...meta, fn: name });
  }
  return [...folders, ...files];
}

function shippedFlows(): readonly LibraryItem[] {
  const names = readdirSync(templates).filter((name) => name.endsWith('.json'));
  return names.map((name) => ({
    path: `${shipped}/${name}`,
    meta: {},
    body: readFileSync(join(templates, name), 'utf8'),
  }));
}

const clean = (path: string): string =>
  path
    .split('/')
    .filter((part) => part !== '')
    .join('/');

function parseOr<Value extends object>(text: string | null, otherwise: Value): Value {
  try {
    return text === null ? otherwise : (JSON.parse(text) as Value);
  } catch {
    return otherwise;
  }
}
