import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readContract } from '../../../../gateway/admission/language/read-contract.ts';
import { coversItem, itemsOf } from '../../../../gateway/admission/permissions/items.ts';

function items(permissions: string) {
  const text = `apiVersion: plugin-contract/v1\nkind: PluginContract\npermissions: { ${permissions} }`;
  const rule = readContract(Buffer.from(text), 'c').document?.value.permissions;
  assert.ok(rule, permissions);
  return itemsOf(rule);
}

for (const [outer, inner, covered] of [
  ['network: { outbound: ["10.0.0.5:502"] }', 'network: { outbound: ["10.0.0.5:502"] }', true],
  ['network: { outbound: ["10.0.0.5:502"] }', 'network: { outbound: ["10.0.0.6:502"] }', false],
  ['network: { outbound: ["10.0.0.5:502"] }', 'network: { inbound: ["10.0.0.5:502"] }', false],
  ['network: { outbound: [{ host: 10.0.0.0/8, port: 502 }] }', 'network: { outbound: ["10.1.2.3:502"] }', true],
  [
    'network: { outbound: [{ host: 10.0.0.0/16, port: 502 }] }',
    'network: { outbound: [{ host: 10.0.0.0/8, port: 502 }] }',
    false,
  ],
  ['network: { outbound: ["10.0.0.5:500-510"] }', 'network: { outbound: ["10.0.0.5:502"] }', true],
  ['network: { outbound: ["10.0.0.5:502"] }', 'network: { outbound: ["10.0.0.5:*"] }', false],
  ['network: { outbound: ["*.acme.example:443"] }', 'network: { outbound: ["api.acme.example:443"] }', true],
  ['network: { outbound: ["*.acme.example:443"] }', 'network: { outbound: ["evilacme.example:443"] }', false],
  ['network: { outbound: ["*.acme.example:443"] }', 'network: { outbound: ["acme.example:443"] }', false],
  ['network: { outbound: [{ host: a, port: 1, proto: tcp }] }', 'network: { outbound: [{ host: a, port: 1 }] }', false],
  ['mqtt: { publish: ["gw/+/up/#"] }', 'mqtt: { publish: ["gw/x/up/t"] }', true],
  ['mqtt: { publish: ["gw/+/up/#"] }', 'mqtt: { publish: ["gw/#"] }', false],
  ['mqtt: { publish: ["a"] }', 'mqtt: { subscribe: ["a"] }', false],
  ['mqtt: { maxPayload: 16KiB }', 'mqtt: { maxPayload: 17KiB }', false],
  ['serial: [{ match: { vid: "0403" } }]', 'serial: [{ match: { vid: "0403", pid: "6001" } }]', true],
  ['serial: [{ match: { vid: "0403", pid: "6001" } }]', 'serial: [{ match: { vid: "0403" } }]', false],
  ['serial: [{ match: { vid: "0403" }, baud: [9600] }]', 'serial: [{ match: { vid: "0403" }, baud: [115200] }]', false],
  ['gpio: [{ chip: c0, lines: [1, 2], direction: in }]', 'gpio: [{ chip: c0, lines: [2], direction: in }]', true],
  ['gpio: [{ chip: c0, lines: [1, 2], direction: in }]', 'gpio: [{ chip: c0, lines: [2] }]', false],
  ['fs: { write: ["data:"] }', 'fs: { write: ["data:cache"] }', true],
  ['fs: { write: ["/srv/a"] }', 'fs: { write: ["/srv/ab"] }', false],
  ['fs: { write: ["/srv/a"] }', 'fs: { write: ["/srv/a/../b"] }', false],
  ['fs: { write: [{ path: "data:", quota: 1MiB }] }', 'fs: { write: ["data:"] }', false],
  ['fs: { read: ["data:"] }', 'fs: { write: ["data:"] }', false],
  ['process: { spawn: allow }', 'process: { workers: allow }', false],
] as const) {
  test(`${outer} ${covered ? 'covers' : 'does not cover'} ${inner}`, () => {
    const [[bound], [wish]] = [items(outer), items(inner)];
    assert.ok(bound && wish);
    assert.equal(coversItem(bound, wish), covered);
  });
}

test('what is denied asks for nothing', () => {
  assert.deepEqual(items('process: { spawn: deny }, mqtt: { retain: deny }, network: { outbound: [] }'), []);
});
