import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Measurement } from '../../../contracts/message.ts';
import { expectationsOf, heard, rpcIdsOf } from '../../../gateway/commands/proof.ts';

const message = (more: Partial<Measurement>): Measurement => ({
  kind: 'state',
  cls: 'state',
  dev: { id: 'z2m:lamp' },
  ts: 0,
  rts: 0,
  clk: 'gateway',
  src: { proto: 'z2m', topic: 't' },
  m: [],
  ...more,
});

test('the wanted state proves a command, another state and another endpoint do not', () => {
  const awaited = { open: expectationsOf('switch', { on: true, ep: 'left' }), rpcIds: [] };
  assert.equal(heard(message({ m: [{ n: 'switch.state', vb: false, ep: 'left' }] }), awaited), 'nothing');
  assert.equal(heard(message({ m: [{ n: 'switch.state', vb: true, ep: 'right' }] }), awaited), 'nothing');
  assert.equal(heard(message({ m: [{ n: 'switch.state', vb: true, ep: 'left' }] }), awaited), 'done');
});

test('several wishes are proved one after the other, numbers within a step of the device', () => {
  const awaited = { open: expectationsOf('light', { on: true, brightness: 50 }), rpcIds: [] };
  assert.equal(heard(message({ m: [{ n: 'light.brightness', v: 49.8, u: '%' }] }), awaited), 'nothing');
  assert.equal(heard(message({ m: [{ n: 'switch.state', vb: true }] }), awaited), 'done');
});

test('an RPC answer speaks for the request with its id alone, and says when the device refused', () => {
  const awaited = { open: expectationsOf('switch', { on: true }), rpcIds: [7] };
  const answer = (id: number, n: string) =>
    heard(message({ kind: 'event', meta: { 'rpc.id': id }, m: [{ n, v: 1 }] }), awaited);
  assert.equal(answer(8, 'x.shelly.rpc.result.was_on'), 'nothing');
  assert.equal(answer(7, 'x.shelly.rpc.result.was_on'), 'done');
  assert.equal(answer(7, 'x.shelly.rpc.error.code'), 'refused');
});

test('ids are read from JSON-RPC frames and from nothing else', () => {
  const sent = (payload: string) => rpcIdsOf([{ topic: 't', payload, qos: 1 }]);
  assert.deepEqual(sent('{"id":5,"src":"portcullis","method":"Switch.Set","params":{}}'), [5]);
  assert.deepEqual(sent('{"id":5}'), []);
  assert.deepEqual(sent('{broken'), []);
  assert.deepEqual(sent('ON'), []);
});

test('a command that only its plugin understands is proved by any state or answer, not by a measurement', () => {
  const awaited = { open: expectationsOf('set', { a: 1 }), rpcIds: [] };
  assert.equal(heard(message({ kind: 'telemetry' }), awaited), 'nothing');
  assert.equal(heard(message({ kind: 'event' }), awaited), 'done');
});
