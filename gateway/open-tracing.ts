import { PortcullisError } from '../contracts/errors.ts';
import { readAuthorities } from './config/certificates.ts';
import { readConfigured } from './config/read-text.ts';
import type { Config } from './config/schema.ts';
import type { GatewayDeps } from './gateway.ts';
import { version } from './version.ts';

const timeouts = { connectTimeoutMs: 5_000, answerTimeoutMs: 10_000 };

/**
 * What the stages are given, with traces and a log that carries their ids where they are configured; `stack` ends them.
 * Nothing of it is loaded otherwise. Throws FILE_UNREADABLE and CONFIG_INVALID.
 */
export async function openTracing(
  { traces: config }: Pick<Config, 'traces'>,
  gateway: string,
  deps: GatewayDeps,
  stack: AsyncDisposableStack,
): Promise<GatewayDeps> {
  if (config === undefined) return deps;
  const [{ openTraces }, { openWire }] = await Promise.all([
    import('./traces/open-traces.ts'),
    import('./delivery/wire.ts'),
  ]);
  const endpoint = new URL(config.endpoint);
  const target = endpoint.pathname === '/' ? '/v1/traces' : endpoint.pathname;
  const headers = { ...(await secretHeaders(config.headerFiles)), 'content-type': 'application/json' };
  const ca = config.ca === undefined ? {} : { ca: await readAuthorities(config.ca, 'traces.ca') };
  const wire = stack.use(openWire(endpoint, { connections: 1, ...timeouts, ...ca }));
  const post = (body: string, signal: AbortSignal) => wire.exchange({ method: 'POST', target, headers, body }, signal);
  const { log, clock } = deps;
  const traces = stack.use(openTraces({ gateway, version, ratio: config.ratio }, { post, log, clock }));
  return { ...deps, log: traces.log, traces };
}

/** The values are read once, here. */
export async function secretHeaders(files: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, file] of Object.entries(files)) {
    const value = await readConfigured(file, `traces.headerFiles.${name}`);
    if (!/^[\x20-\x7E]{1,4096}$/.test(value)) {
      throw new PortcullisError('CONFIG_INVALID', `traces.headerFiles.${name}: ${file} is not one line of plain text.`);
    }
    headers[name.toLowerCase()] = value;
  }
  return headers;
}
