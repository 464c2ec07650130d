/** Keys of the configuration that name a file or a folder; `*` is every key there. */
const keys = [
  'dataDir',
  'claim.codeFile',
  'mqtt.tls.certFile',
  'mqtt.tls.keyFile',
  'mqtt.tls.clientCaFile',
  'http.tls.certFile',
  'http.tls.keyFile',
  'cloud.tuya.secretFile',
  'cloud.tuya.ca',
  'cloud.tuya.products',
  'kafka.tls.ca',
  'kafka.sasl.passwordFile',
  'influx.ca',
  'influx.passwordFile',
  'influx.tokenFile',
  'notify.channels.*.ca',
  'notify.channels.*.passwordFile',
  'notify.channels.*.secretFile',
  'notify.channels.*.tokenFile',
  'access.provider.clientSecretFile',
  'flows.folder',
  'plugins.dir',
  'plugins.policy',
  'plugins.secrets.*.*',
  'rules.dir',
  'traces.ca',
  'traces.headerFiles.*',
].map((key) => key.split('.'));

type Replace = (path: string, key: string) => string;

/** A copy of a configuration, checked or as it was written, in which each path is replaced. */
export function withPaths<Value extends object>(config: Value, replace: Replace): Value {
  const copy = structuredClone(config);
  for (const key of keys) replaceAt(copy, key, [], replace);
  return copy;
}

function replaceAt(
  holder: unknown,
  [name, ...rest]: readonly string[],
  way: readonly string[],
  replace: Replace,
): void {
  if (name === undefined || typeof holder !== 'object' || holder === null) return;
  for (const one of name === '*' ? Object.keys(holder) : [name]) {
    const value: unknown = Object.getOwnPropertyDescriptor(holder, one)?.value;
    const here = [...way, one];
    if (rest.length > 0) replaceAt(value, rest, here, replace);
    // What is no path at all is for the schema to refuse.
    else if (typeof value === 'string' && value !== '') Reflect.set(holder, one, replace(value, here.join('.')));
  }
}
