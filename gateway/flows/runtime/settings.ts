import { join } from 'node:path';
import { isNativeError } from 'node:util/types';
import { allowedFiles, paletteFolder } from '../allowed-nodes.ts';
import { editorHeader, editorRoot } from '../wire-names.ts';
import { gatewayContext } from './context.ts';
import type { GatewayLine } from './gateway-line.ts';
import { loadMemoryContext } from './red.ts';
import { gatewayStorage } from './storage.ts';
import { isSameSecret } from '../same-secret.ts';

/** A function node that computes for longer is ended, and with it its message. */
const longestFunctionSeconds = 5;
const levels = { 10: 'error', 20: 'error', 30: 'warn', 40: 'info', 50: 'debug' } as const;

interface LogEntry {
  readonly level: number;
  readonly msg?: unknown;
  readonly type?: string;
  readonly name?: string;
}

/** Node-RED's settings: no file of its own, nothing from the network, nobody but the gateway behind the editor. */
export function redSettings(gateway: GatewayLine): object {
  const { plan } = gateway;
  const palette = join(import.meta.dirname, '..', paletteFolder);
  const warn = (text: string): void => gateway.say({ is: 'log', level: 'warn', text });
  return {
    flowFile: 'flows.json',
    // Without one it would be the folder of the start; here is nothing of a user, and nothing can be written.
    userDir: palette,
    nodesDir: [palette],
    nodesIncludes: [...allowedFiles(plan.allow), paletteFolder],
    storageModule: gatewayStorage(gateway),
    contextStorage: {
      default: { module: () => gatewayContext(loadMemoryContext()({}), gateway, warn) },
      memory: { module: 'memory' },
    },
    credentialSecret: plan.credentialSecret,
    adminAuth: editorAuth(plan.editorSecret),
    httpAdminRoot: editorRoot,
    httpNodeRoot: false,
    lang: 'en-US',
    telemetry: { enabled: false, updateNotification: false },
    diagnostics: { enabled: false, ui: false },
    runtimeState: { enabled: false, ui: false },
    functionExternalModules: false,
    globalFunctionTimeout: longestFunctionSeconds,
    externalModules: {
      autoInstall: false,
      palette: { allowInstall: false, allowUpdate: false, allowUpload: false },
      modules: { allowInstall: false },
    },
    exportGlobalContextKeys: false,
    nodeMessageBufferMaxLength: 1_000,
    debugMaxLength: 1_000,
    fileWorkingDirectory: plan.filesFolder,
    editorTheme: {
      page: { title: 'Portcullis: flows' },
      header: { title: 'Portcullis flows' },
      projects: { enabled: false },
      tours: false,
      palette: { categories: ['Portcullis', 'common', 'function', 'sequence', 'parser', 'network', 'storage'] },
      codeEditor: { lib: 'ace' },
      userMenu: false,
    },
    logging: {
      gateway: {
        level: 'info',
        metrics: false,
        audit: false,
        handler: () => (entry: LogEntry) =>
          gateway.say({ is: 'log', level: levels[entry.level as keyof typeof levels] ?? 'info', text: textOf(entry) }),
      },
    },
  };
}

function textOf({ type, name, msg }: LogEntry): string {
  // Those of function nodes are of another realm.
  const text = isNativeError(msg) || typeof msg === 'string' ? String(msg) : JSON.stringify(msg);
  return `${type === undefined ? '' : `[${type}${name ? `:${name}` : ''}] `}${text ?? ''}`.trim().slice(0, 8_000);
}

/**
 * The gateway logs people in and says with each request who it is, and whether they may change something. There is no
 * password here, and no way in without the secret of this start.
 */
function editorAuth(secret: string): object {
  return {
    type: 'credentials',
    tokenHeader: editorHeader,
    users: async () => null,
    authenticate: async () => null,
    default: async () => null,
    tokens: async (token: string) => {
      const [given = '', permissions, name] = token.split(' ');
      if (!isSameSecret(given, secret)) return null;
      return { username: decodeURIComponent(name ?? ''), permissions: permissions === 'write' ? '*' : 'read' };
    },
  };
}
