import type { Config } from './schema.ts';

/** Words of keys whose value is nobody else's business; a name of a file that holds a secret is none. */
const secret = /password|passphrase|secret|token|(?:access|api|private)key|credential|sasl|latitude|longitude/i;
const isFile = /File$|Dir$/;

/**
 * The configuration for somebody who shall help: every key, without what is secret or where the house stands. What plugins are given may be
 * anything, so none of it is shown. Of an address only its origin is: services put their keys into the path, too.
 */
export function withoutSecrets(config: Config): unknown {
  const { plugins, ...rest } = config;
  const names = (of: Readonly<Record<string, unknown>>): string[] => Object.keys(of);
  const given = {
    dir: plugins.dir,
    policy: plugins.policy,
    config: names(plugins.config),
    secrets: names(plugins.secrets),
  };
  return { ...(cleaned(rest, '') as object), plugins: given };
}

function cleaned(value: unknown, key: string): unknown {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const entries = Object.entries(value).map(([name, inner]): [string, unknown] => [name, cleaned(inner, name)]);
    return Object.fromEntries(entries);
  }
  if (secret.test(key) && !isFile.test(key)) return value === undefined ? undefined : '[not shown]';
  if (Array.isArray(value)) return value.map((inner) => cleaned(inner, key));
  return typeof value === 'string' ? originOf(value) : value;
}

function originOf(text: string): string {
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? URL.parse(text) : null;
  return url === null ? text : `${url.protocol}//${url.host}`;
}
