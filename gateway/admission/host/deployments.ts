import semver from 'semver';
import type { DeploymentRule, RuntimeRule, SystemRule } from '../language/grammar-host.ts';
import type { HostFacts } from './facts.ts';

/** The alternative that fits this host: first match wins. */
export interface Match {
  readonly deployment: number;
  /** Undefined where the deployment names no systems: any system will do. */
  readonly system?: { readonly index: number; readonly rule: SystemRule } | undefined;
}

/** How near the nearest alternative came, and what kept it from matching. */
export interface Miss {
  readonly path: string;
  readonly expected: string;
  readonly observed: string;
}

interface Attempt {
  readonly depth: number;
  readonly miss?: Miss;
}

/** Finds the alternative for a host, or the nearest miss. An unknown fact satisfies no rule. */
export function matchDeployment(
  deployments: readonly DeploymentRule[],
  facts: HostFacts,
): { readonly match: Match } | { readonly miss: Miss } {
  let nearest: Attempt = { depth: -1 };
  const remember = (attempt: Attempt): void => {
    if (attempt.depth > nearest.depth) nearest = attempt;
  };
  for (const [d, deployment] of deployments.entries()) {
    const path = `host.deployments[${d}]`;
    const wrongArch = archMiss(deployment, facts, path);
    if (wrongArch) {
      remember(wrongArch);
      continue;
    }
    if (!deployment.systems) return { match: { deployment: d } };
    for (const [s, rule] of deployment.systems.entries()) {
      const attempt = trySystem(rule, facts, `${path}.systems[${s}]`);
      if (!attempt.miss) return { match: { deployment: d, system: { index: s, rule } } };
      remember(attempt);
    }
  }
  return { miss: nearest.miss ?? { path: 'host.deployments', expected: 'at least one deployment', observed: 'none' } };
}

const told = (fact: string | number | boolean | undefined): string => (fact === undefined ? 'unknown' : String(fact));

function archMiss(rule: DeploymentRule, facts: HostFacts, path: string): Attempt | undefined {
  if (rule.arch && (facts.arch === undefined || !rule.arch.includes(facts.arch))) {
    return { depth: 0, miss: { path: `${path}.arch`, expected: rule.arch.join(' or '), observed: told(facts.arch) } };
  }
  const versions = rule.armVersion;
  // The version of the instruction set binds 32-bit and 64-bit ARM alike; other architectures have none.
  if (versions && facts.arch?.startsWith('arm') === true) {
    if (facts.armVersion === undefined || !versions.includes(facts.armVersion)) {
      const expected = versions.map((version) => `ARMv${version}`).join(' or ');
      return { depth: 1, miss: { path: `${path}.armVersion`, expected, observed: `ARMv${told(facts.armVersion)}` } };
    }
  }
  return undefined;
}

function trySystem(rule: SystemRule, facts: HostFacts, path: string): Attempt {
  const checks: (Miss | undefined)[] = [
    rule.os === facts.os ? undefined : { path: `${path}.os`, expected: rule.os, observed: told(facts.os) },
    equalMiss(`${path}.distribution`, rule.distribution, facts.distribution),
    kernelMiss(rule, facts, path),
    libcMiss(rule, facts, path),
    containerMiss(rule, facts, path),
    rule.emulation === 'forbidden' && facts.emulated !== false
      ? { path: `${path}.emulation`, expected: 'a real CPU', observed: facts.emulated ? 'an emulator' : 'unknown' }
      : undefined,
    rule.cgroup === undefined || rule.cgroup === 'any'
      ? undefined
      : equalMiss(`${path}.cgroup`, rule.cgroup, facts.cgroup),
    ...(rule.devices ?? []).map((device, i) => deviceMiss(device, facts, `${path}.devices[${i}]`)),
  ];
  const index = checks.findIndex((miss) => miss !== undefined);
  const miss = checks[index];
  if (miss) return { depth: 2 + index, miss };
  return tryRuntimes(rule.runtimes, facts, `${path}.runtimes`);
}

function equalMiss(path: string, expected: string | undefined, observed: string | undefined): Miss | undefined {
  return expected === undefined || expected === observed ? undefined : { path, expected, observed: told(observed) };
}

function kernelMiss(rule: SystemRule, facts: HostFacts, path: string): Miss | undefined {
  if (rule.kernel === undefined) return undefined;
  const version = semver.coerce(facts.kernel ?? '');
  if (version && semver.satisfies(version, rule.kernel)) return undefined;
  return { path: `${path}.kernel`, expected: rule.kernel, observed: told(facts.kernel) };
}

/** Compares dotted numbers of any length; glibc has two parts, musl three. */
function compareDotted(a: string, b: string): number {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const compares: Readonly<Record<string, (difference: number) => boolean>> = {
  '>=': (d) => d >= 0,
  '<=': (d) => d <= 0,
  '>': (d) => d > 0,
  '<': (d) => d < 0,
  '=': (d) => d === 0,
};

function libcMiss(rule: SystemRule, facts: HostFacts, path: string): Miss | undefined {
  if (rule.libc === undefined) return undefined;
  const { libc } = facts;
  const fits = rule.libc.split('||').some((alternative) => {
    const name = /^\s*(glibc|musl)/.exec(alternative)?.[1];
    if (!libc || libc.name !== name) return false;
    const bounds = [...alternative.matchAll(/(>=|<=|>|<|=)?\s*(\d+(?:\.\d+)*)/g)];
    return bounds.every(
      ([, sign = '=', version = '0']) => compares[sign]?.(compareDotted(libc.version, version)) ?? false,
    );
  });
  if (fits) return undefined;
  return { path: `${path}.libc`, expected: rule.libc, observed: libc ? `${libc.name} ${libc.version}` : 'unknown' };
}

function containerMiss(rule: SystemRule, facts: HostFacts, path: string): Miss | undefined {
  if (rule.container === undefined || rule.container === 'any') return undefined;
  if (facts.container === (rule.container === 'required')) return undefined;
  const observed = facts.container === undefined ? 'unknown' : facts.container ? 'a container' : 'no container';
  return { path: `${path}.container`, expected: rule.container, observed };
}

function deviceMiss(
  rule: NonNullable<SystemRule['devices']>[number],
  facts: HostFacts,
  path: string,
): Miss | undefined {
  const { serial, gpio } = rule;
  if (serial && !facts.serial.some((device) => serialFits(serial, device))) {
    const expected = `a serial adapter ${serial.path ?? `${serial.vid ?? '*'}:${serial.pid ?? '*'}`}`;
    return { path: `${path}.serial`, expected, observed: `${facts.serial.length} other serial ports` };
  }
  if (gpio !== undefined && !facts.gpioChips.includes(gpio)) {
    return { path: `${path}.gpio`, expected: gpio, observed: facts.gpioChips.join(', ') || 'none' };
  }
  return undefined;
}

/** Whether a port is the one that a rule means; what the rule leaves out does not matter. */
export function serialFits(
  rule: { readonly vid?: string | undefined; readonly pid?: string | undefined; readonly path?: string | undefined },
  device: HostFacts['serial'][number],
): boolean {
  const same = (wanted: string | undefined, found: string | undefined): boolean =>
    wanted === undefined || wanted.toLowerCase() === found?.toLowerCase();
  return (
    same(rule.vid, device.vid) && same(rule.pid, device.pid) && (rule.path === undefined || rule.path === device.path)
  );
}

function tryRuntimes(rules: readonly RuntimeRule[] | undefined, facts: HostFacts, path: string): Attempt {
  if (!rules) return { depth: 100 };
  let nearest: Attempt = { depth: -1 };
  for (const [r, rule] of rules.entries()) {
    const attempt = tryRuntime(rule, facts, `${path}[${r}]`);
    if (!attempt.miss) return attempt;
    if (attempt.depth > nearest.depth) nearest = attempt;
  }
  return nearest;
}

function tryRuntime(rule: RuntimeRule, facts: HostFacts, path: string): Attempt {
  if (rule.name !== 'node') {
    return { depth: 20, miss: { path: `${path}.name`, expected: rule.name, observed: `node ${told(facts.node)}` } };
  }
  // A pre-release satisfies no plain range: semver's own rule.
  if (rule.version !== undefined && !(facts.node !== undefined && semver.satisfies(facts.node, rule.version))) {
    return {
      depth: 21,
      miss: { path: `${path}.version`, expected: `Node ${rule.version}`, observed: told(facts.node) },
    };
  }
  if (rule.abi && (facts.abi === undefined || !rule.abi.includes(facts.abi))) {
    return { depth: 22, miss: { path: `${path}.abi`, expected: rule.abi.join(' or '), observed: told(facts.abi) } };
  }
  const absent = rule.features?.find((feature) => !facts.features.includes(feature));
  if (absent !== undefined) {
    return { depth: 23, miss: { path: `${path}.features`, expected: absent, observed: 'not in this Node' } };
  }
  const isolation = rule.requires?.isolation ?? 0;
  if (facts.isolation.level < isolation) {
    const observed = `level ${facts.isolation.level}`;
    return { depth: 24, miss: { path: `${path}.requires.isolation`, expected: `level ${isolation}`, observed } };
  }
  return { depth: 100 };
}
