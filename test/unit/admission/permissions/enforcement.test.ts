import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFacts } from '../../../../gateway/admission/host/facts-file.ts';
import { readContract } from '../../../../gateway/admission/language/read-contract.ts';
import { checkEnforcement } from '../../../../gateway/admission/permissions/enforcement.ts';

function check(body: string, host: Record<string, unknown>) {
  const contract = readContract(Buffer.from(`apiVersion: plugin-contract/v1\nkind: PluginContract\n${body}`), 'c')
    .document?.value;
  const { facts } = readFacts(Buffer.from(JSON.stringify(host)), 'host.json');
  assert.ok(contract && facts, body);
  return checkEnforcement(contract, facts);
}
const gateway = { broker: true, handles: ['mqtt', 'http', 'secrets'] };
const bare = { broker: false, netns: false, os: false };

for (const [body, isolation, refused] of [
  ['permissions: { network: { outbound: ["10.0.0.5:502"] } }', bare, true],
  ['permissions: { network: { outbound: ["10.0.0.5:502"] } }', { ...bare, broker: true }, false],
  ['permissions: { network: { outbound: ["10.0.0.5:502"] } }', { ...bare, netns: true }, false],
  ['permissions: { mqtt: { publish: [a] } }', bare, true],
  ['permissions: { serial: [{ match: { vid: "0403" } }] }', bare, true],
  ['permissions: { process: { workers: allow } }', { ...bare, broker: true }, true],
  ['permissions: { process: { workers: allow } }', { ...bare, os: true }, false],
  ['permissions: { process: { spawn: deny, workers: deny } }', bare, false],
  ['permissions: { fs: { read: ["package:"] } }', bare, false],
  ['permissions: { fs: { read: [/etc] } }', { ...bare, broker: true }, true],
  ['environment: { secrets: [{ name: T, deliver: handle }] }', bare, true],
  ['environment: { secrets: [{ name: T, deliver: handle }] }', gateway, false],
  ['permissions: { mqtt: { publish: [a], subscribe: [b], maxPayload: 1KiB } }', gateway, false],
  ['permissions: { mqtt: { retain: allow } }', gateway, true],
  ['permissions: { network: { outbound: ["10.0.0.5:80"] } }', gateway, false],
  ['permissions: { network: { outbound: [{ host: 10.0.0.5, port: 502, proto: tcp }] } }', gateway, true],
  ['permissions: { network: { inbound: ["0.0.0.0:80"] } }', gateway, true],
  ['permissions: { serial: [{ match: { vid: "0403" } }] }', gateway, true],
  ['permissions: { gpio: [{ chip: gpiochip0, lines: [17] }] }', gateway, true],
] as const) {
  test(`${body} with ${JSON.stringify(isolation)} is ${refused ? 'refused' : 'granted'}`, () => {
    const { violations } = check(body, { node: '24.21.0', isolation });
    assert.deepEqual(
      violations.map(({ code, severity }) => `${code} ${severity}`),
      refused ? ['PC-P102 error'] : [],
    );
  });
}

test('Node 26 alone does not enforce a host: its --allow-net ignores the value', () => {
  const { violations } = check('permissions: { network: { outbound: ["10.0.0.5:502"] } }', {
    node: '26.10.0',
    isolation: bare,
  });
  assert.equal(violations[0]?.code, 'PC-P102');
});

test('best-effort says what nothing enforces', () => {
  const { violations, grants } = check('permissions: { enforcement: best-effort, process: { spawn: allow } }', {
    isolation: bare,
  });
  assert.equal(violations[0]?.severity, 'warning');
  assert.equal(grants[0]?.enforcedBy, 'nothing');
});

test('a CPU share needs control group v2 where the host is known to lack it', () => {
  assert.equal(check('resources: { cpu: 0.5 }', { cgroup: 'none' }).violations[0]?.code, 'PC-P102');
  assert.deepEqual(check('resources: { cpu: 0.5, memory: 64MiB }', { cgroup: 'v2' }).violations, []);
});

test('where plugins share the threads of the gateway the record claims no limit', () => {
  const { grants } = check('resources: { heap: 64MiB, callTimeout: 1s }', { isolation: { ...bare, level: 0 } });
  assert.deepEqual(
    grants.map(({ enforcedBy }) => enforcedBy.split(':')[0]),
    ['nothing', 'nothing'],
  );
});

test('a gateway without serial ports says so', () => {
  const { violations } = check('permissions: { serial: [{ match: { vid: "0403" } }] }', { isolation: gateway });
  assert.match(violations[0]?.observed ?? '', /handles for serial ports: this one has no such transport/);
});

test('the record names each grant with the handle that enforces it', () => {
  const { grants } = check(
    'permissions: { network: { outbound: ["10.0.0.5:80"] } }\nenvironment: { secrets: [{ name: T }], variables: [{ name: V }] }',
    { isolation: gateway },
  );
  assert.deepEqual(
    grants.map(({ grant, enforcedBy }) => `${grant}: ${enforcedBy}`),
    [
      'network outbound 10.0.0.5:80: a handle of the gateway: host, port and the address that is connected to are compared with this item',
      'secret T: a handle of the gateway: only this plugin gets the value',
      'variable V: the gateway: the process has no environment and is told this value',
    ],
  );
});
