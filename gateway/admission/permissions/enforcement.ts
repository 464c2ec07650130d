import type { HandleKind, HostFacts, Isolation } from '../host/facts.ts';
import type { Endpoint } from '../../lib/endpoint.ts';
import type { Contract } from '../contract.ts';
import type { PermissionsRule, ResourcesRule } from '../language/grammar-grants.ts';
import type { EnvironmentRule } from '../language/grammar-host.ts';
import type { Violation } from '../types.ts';
import { violation } from '../violation.ts';
import { itemText, itemsOf } from './items.ts';
import type { Item } from './items.ts';

/** A grant with what enforces it on this host, for the decision record. */
export interface Grant {
  readonly path: string;
  readonly grant: string;
  readonly enforcedBy: string;
}

type Enforcer = { readonly by: string } | { readonly needs: string };

/** What a handle of each kind does, for the record, and what a gateway without it would need. */
const handleWords: Readonly<Record<HandleKind, { readonly by: string; readonly needs: string }>> = {
  mqtt: { by: 'every topic is compared with this item', needs: 'MQTT topics' },
  retain: { by: 'the retained flag is set by the gateway', needs: 'retained messages' },
  http: { by: 'host, port and the address that is connected to are compared with this item', needs: 'HTTP' },
  sockets: { by: 'the gateway owns the socket', needs: 'sockets other than HTTP' },
  listen: { by: 'the gateway owns the socket', needs: 'sockets that listen' },
  secrets: { by: 'only this plugin gets the value', needs: 'secrets' },
  serial: { by: 'the gateway owns the port', needs: 'serial ports' },
  gpio: { by: 'the gateway owns the line', needs: 'GPIO lines' },
  bluetooth: { by: 'the gateway owns the adapter', needs: 'Bluetooth' },
  files: { by: 'the gateway reads and writes on behalf of the plugin', needs: 'files' },
};

/** The broker of handles as the enforcer of an item, where this gateway has one with such handles. */
function handleOf(kind: HandleKind, isolation: Isolation): Enforcer {
  const { by, needs } = handleWords[kind];
  if (!isolation.broker) return { needs: 'the handle broker' };
  if (isolation.handles?.includes(kind) === false) {
    return { needs: `a gateway with handles for ${needs}: this one has no such transport` };
  }
  return { by: `a handle of the gateway: ${by}${beside(kind, isolation.kernel)}` };
}

/** What keeps the process itself from going there without the handle. */
function beside(kind: HandleKind, kernel: Isolation['kernel']): string {
  if (kernel === undefined || !['mqtt', 'http', 'sockets', 'listen'].includes(kind)) return '';
  return kernel.includes('network')
    ? '; the kernel gives its own process no network'
    : '; its own process is kept from the network by load hooks alone';
}

/**
 * Who enforces an item on this host, or what the host would need. Facts behind it (measured on Node 20 to 26): there
 * is no network permission before 25, from 25 the host value of `--allow-net` is ignored; a worker started with
 * `execArgv: []` drops every restriction; a child process, an addon and ffi were never under the permission model.
 */
function enforcerOf(item: Item, facts: HostFacts): Enforcer {
  const { isolation, features } = facts;
  switch (item.kind) {
    case 'outbound':
    case 'inbound': {
      const handle = handleOf(item.kind === 'inbound' ? 'listen' : socketOf(item.endpoint), isolation);
      if ('by' in handle) return handle;
      if (isolation.netns) return { by: 'an own network namespace with only this endpoint' };
      return isolation.broker
        ? handle
        : { needs: 'the handle broker or a network namespace: Node cannot limit hosts and ports' };
    }
    case 'publish':
    case 'subscribe':
    case 'maxPayload':
      return handleOf('mqtt', isolation);
    case 'retain':
    case 'serial':
    case 'gpio':
    case 'bluetooth':
      return handleOf(item.kind, isolation);
    case 'read':
    case 'write':
      return folderEnforcer(item.folder, item.kind === 'write', facts);
    default:
      if (item.power === 'wasi' && features.includes('permission.wasi')) return { by: 'the Node permission model' };
      return isolation.os
        ? { by: 'the operating system: own uid, control group and mounts' }
        : { needs: 'isolation by the operating system: this power escapes from the Node permission model' };
  }
}

/** Without a protocol an endpoint is one that plain HTTP may ask. */
function socketOf({ proto = 'http' }: Endpoint): HandleKind {
  return proto === 'http' || proto === 'https' ? 'http' : 'sockets';
}

function folderEnforcer(folder: string, isWrite: boolean, { isolation, features }: HostFacts): Enforcer {
  if (isolation.os) return { by: 'the operating system: own uid and mounts' };
  const isPackage = folder.startsWith('package:');
  const own = (isPackage || folder.startsWith('data:')) && !folder.split(/[:/\\]/).includes('..');
  const handle = handleOf('files', isolation);
  if (own && 'by' in handle) return handle;
  // A gateway that says which handles it has keeps no folder for a plugin: a cell reads its own package and writes nothing.
  if (own && isolation.handles !== undefined && (!isPackage || isWrite)) return handle;
  if (own && features.includes('permission.fs')) return { by: 'the Node permission model' };
  return {
    needs: own
      ? 'a Node with the permission model'
      : 'isolation by the operating system: links inside a grant are followed',
  };
}

/** Everything that this host cannot enforce (PC-P102), and the grants it can. `best-effort` turns errors into warnings. */
export function checkEnforcement(
  asked: {
    readonly permissions?: PermissionsRule | undefined;
    readonly resources?: ResourcesRule | undefined;
    readonly environment?: EnvironmentRule | undefined;
    readonly device?: Contract['device'];
    readonly exports?: Contract['exports'];
  },
  facts: HostFacts,
): { readonly grants: readonly Grant[]; readonly violations: readonly Violation[] } {
  const required = (asked.permissions?.enforcement ?? 'required') === 'required';
  const grants: Grant[] = [];
  const violations: Violation[] = [];
  const consider = (path: string, what: string, enforcer: Enforcer): void => {
    if ('by' in enforcer) grants.push({ path, grant: what, enforcedBy: enforcer.by });
    else {
      const remedy = `Run it on a host with ${enforcer.needs.replace(/:.*$/, '')}, or drop the permission.`;
      const severity = required ? 'error' : 'warning';
      violations.push(
        violation('PC-P102', path, {
          subject: what,
          expected: `${what}, enforced`,
          observed: `needs ${enforcer.needs}`,
          remedy,
          severity,
        }),
      );
      if (!required) grants.push({ path, grant: what, enforcedBy: 'nothing' });
    }
  };
  for (const item of itemsOf(asked.permissions ?? {})) consider(item.path, itemText(item), enforcerOf(item, facts));
  for (const [path, what, enforcer] of limitsOf(asked.resources ?? {}, facts)) consider(path, what, enforcer);
  asked.environment?.secrets?.forEach((secret, i) => {
    const enforcer = handleOf('secrets', facts.isolation);
    // Where nobody hands anything out, only a contract that insists on a handle asks for too much.
    if ('by' in enforcer || secret.deliver === 'handle') {
      consider(`environment.secrets[${i}]`, `secret ${secret.name}`, enforcer);
    }
  });
  asked.environment?.variables?.forEach((variable, i) => {
    if (!facts.isolation.broker) return;
    const by = 'the gateway: the process has no environment and is told this value';
    consider(`environment.variables[${i}]`, `variable ${variable.name}`, { by });
  });
  const apart = facts.isolation.level > 0;
  asked.device?.resources?.forEach(({ name }, i) => {
    const by = 'the gateway: values and commands are compared with it at the border of the cell';
    if (apart) consider(`device.resources[${i}]`, `device resource ${name}`, { by });
  });
  asked.exports?.functions.forEach(({ at, name, timeoutMs }) => {
    const by = 'nothing: the gateway calls no exported function, only those of the default export';
    if (apart && timeoutMs !== undefined)
      grants.push({ path: `${at}.timeout`, grant: `${name} ${timeoutMs} ms`, enforcedBy: by });
  });
  return { grants, violations };
}

function limitsOf(rule: ResourcesRule, facts: HostFacts): readonly (readonly [string, string, Enforcer])[] {
  // Level 0: no cell of its own. The record must not claim a limit that nothing holds.
  const apart = facts.isolation.level > 0;
  const shared: Enforcer = { by: 'nothing: on this host plugins share the threads of the gateway' };
  const tasks =
    facts.isolation.kernel?.includes('user') === true ? '; the kernel bounds the tasks of its own user' : '';
  const memory: Enforcer = apart
    ? { by: 'the gateway: a watchdog ends it; the kernel: RLIMIT_DATA above that' }
    : shared;
  const watchdog: Enforcer = apart ? { by: 'the gateway: deadline, watchdog and bounded channel' } : shared;
  const cell: Enforcer = apart
    ? { by: `the gateway: a watchdog ends a cell over its CPU share, and a cell may start no process${tasks}` }
    : shared;
  const group: Enforcer =
    facts.cgroup === undefined || facts.cgroup === 'v2'
      ? cell
      : { needs: 'control group v2: without it neither CPU share nor number of processes can be limited' };
  const disk: Enforcer = apart ? { by: 'the kernel: a cell may write no file of any size' } : shared;
  const limits: (readonly [string, string, Enforcer])[] = [];
  if (rule.memory !== undefined) limits.push(['resources.memory', `memory ${rule.memory} bytes`, memory]);
  if (rule.heap !== undefined)
    limits.push(['resources.heap', `heap ${rule.heap} bytes`, apart ? { by: '--max-old-space-size' } : shared]);
  if (rule.cpu !== undefined) limits.push(['resources.cpu', `CPU ${rule.cpu}`, group]);
  if (rule.pids !== undefined) limits.push(['resources.pids', `${rule.pids} processes`, group]);
  if (rule.disk !== undefined) limits.push(['resources.disk', `disk ${rule.disk} bytes`, disk]);
  for (const key of ['startupTimeout', 'callTimeout'] as const) {
    if (rule[key] !== undefined) limits.push([`resources.${key}`, `${key} ${rule[key]} ms`, watchdog]);
  }
  if (rule.ipc) limits.push(['resources.ipc', 'rate and size of messages', watchdog]);
  if (rule.restarts) limits.push(['resources.restarts', 'number of restarts', watchdog]);
  return limits;
}
