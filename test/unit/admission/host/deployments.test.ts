import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readContract } from '../../../../gateway/admission/language/read-contract.ts';
import { matchDeployment } from '../../../../gateway/admission/host/deployments.ts';
import { readFacts } from '../../../../gateway/admission/host/facts-file.ts';

const facts = (text: string) => {
  const { facts: found, violations } = readFacts(Buffer.from(text), 'host.yaml');
  assert.deepEqual(violations, []);
  assert.ok(found);
  return found;
};
const pi = 'arch: arm64\nos: linux\nnode: 24.21.0\nlibc: glibc 2.41\ncgroup: v2\ncontainer: false\n';

function match(deployments: string, host = pi) {
  const text = `apiVersion: plugin-contract/v1\nkind: PluginContract\nhost: { deployments: ${deployments} }`;
  const rules = readContract(Buffer.from(text), 'c').document?.value.deployments;
  assert.ok(rules);
  return matchDeployment(rules, facts(host));
}
const missOf = (deployments: string, host?: string): string => {
  const result = match(deployments, host);
  return 'miss' in result ? `${result.miss.path}: ${result.miss.expected} / ${result.miss.observed}` : 'matched';
};

test('the first alternative that fits wins', () => {
  const result = match(
    '[{ arch: x64 }, { arch: [arm, aarch64], systems: [{ os: macos }, { os: linux }] }, { arch: arm64 }]',
  );
  assert.ok('match' in result);
  assert.equal(result.match.deployment, 1);
  assert.equal(result.match.system?.index, 1);
});

for (const [alias, fact] of [
  ['aarch64', 'arm64'],
  ['x86_64', 'x64'],
  ['amd64', 'x64'],
  ['armv7l', 'arm'],
] as const) {
  test(`${alias} is ${fact}, in a contract and among the facts`, () => {
    assert.equal(missOf(`[{ arch: ${alias} }]`, `arch: ${fact}\nos: linux`), 'matched');
    assert.equal(missOf(`[{ arch: ${fact} }]`, `arch: ${alias}\nos: linux`), 'matched');
  });
}

test('names the nearest miss, not the first', () => {
  const rules =
    '[{ arch: x64 }, { arch: arm64, systems: [{ os: win32 }, { os: linux, runtimes: [{ name: node, version: ">=26" }] }] }]';
  assert.equal(missOf(rules), 'host.deployments[1].systems[1].runtimes[0].version: Node >=26 / 24.21.0');
});

for (const [rule, host, says] of [
  ['libc: "glibc>=2.31 || musl>=1.2"', pi, 'matched'],
  ['libc: "glibc>=2.31 || musl>=1.2"', 'arch: arm64\nos: linux\nlibc: musl 1.2.5', 'matched'],
  ['libc: "glibc>=2.42"', pi, 'libc'],
  ['libc: "glibc>=2.9"', pi, 'matched'],
  ['libc: "glibc>=2.9"', 'arch: arm64\nos: linux', 'libc'],
  ['container: forbidden', pi, 'matched'],
  ['container: required', pi, 'container'],
  ['container: forbidden', 'arch: arm64\nos: linux', 'container'],
  ['cgroup: v2', pi, 'matched'],
  ['cgroup: v2', 'arch: arm64\nos: linux\ncgroup: none', 'cgroup'],
  ['devices: [{ serial: { vid: "0403", pid: "6001" } }]', pi, 'serial'],
  ['devices: [{ serial: { vid: "10C4" } }]', `${pi}serial: [{ vid: 10c4, pid: ea60 }]`, 'matched'],
  ['runtimes: [{ name: node, version: "24" }]', pi, 'matched'],
  ['runtimes: [{ name: node, version: ">=24" }]', 'arch: arm64\nos: linux\nnode: 25.0.0-rc.1', 'version'],
  ['runtimes: [{ name: node, abi: [147] }]', pi, 'abi'],
  ['runtimes: [{ name: node, abi: [137] }]', pi, 'matched'],
  ['runtimes: [{ name: node, features: [permission.net] }]', pi, 'features'],
  ['runtimes: [{ name: node, features: [permission.net] }]', 'arch: arm64\nos: linux\nnode: 26.4.0', 'matched'],
  ['runtimes: [{ name: node, requires: { isolation: 3 } }]', pi, 'isolation'],
  ['runtimes: [{ name: node, requires: { isolation: 3 } }]', `${pi}isolation: { netns: true, os: true }`, 'matched'],
  ['runtimes: [{ name: deno }]', pi, 'name'],
] as const) {
  test(`${rule} on ${host.replaceAll('\n', ' ').slice(0, 60)}: ${says}`, () => {
    assert.match(missOf(`[{ arch: arm64, systems: [{ os: linux, ${rule} }] }]`, host), new RegExp(says));
  });
}

test('the ARM version binds ARM only, and an unknown one satisfies nothing', () => {
  assert.equal(missOf('[{ arch: [arm, arm64, x64], armVersion: [7, 8] }]'), 'matched');
  assert.match(missOf('[{ arch: arm, armVersion: 7 }]', 'arch: armv6l\nos: linux'), /ARMv7 \/ ARMv6/);
  assert.match(missOf('[{ arch: arm, armVersion: 7 }]', 'arch: arm\nos: linux'), /unknown/);
  assert.equal(missOf('[{ arch: [arm, x64], armVersion: 7 }]', 'arch: x64\nos: linux'), 'matched');
});
