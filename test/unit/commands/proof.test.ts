import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Measurement } from '../../../contracts/message.ts';
import { awaitedAfterStart, awaitedOf, heard } from '../../../gateway/commands/proof.ts';

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
  const awaited = awaitedOf('switch', { on: true, ep: 'left' }, undefined);
  assert.equal(heard(message({ m: [{ n: 'switch.state', vb: false, ep: 'left' }] }), awaited), 'nothing');
  assert.equal(heard(message({ m: [{ n: 'switch.state', vb: true, ep: 'right' }] }), awaited), 'nothing');
  assert.equal(heard(message({ m: [{ n: 'switch.state', vb: true, ep: 'left' }] }), awaited), 'done');
});

test('several wishes are proved one after the other, numbers within a step of the device', () => {
  const awaited = awaitedOf('light', { on: true, brightness: 50 }, undefined);
  assert.equal(heard(message({ m: [{ n: 'light.brightness', v: 49.8, u: '%' }] }), awaited), 'nothing');
  assert.equal(heard(message({ m: [{ n: 'switch.state', vb: true }] }), awaited), 'done');
});

test('an answer speaks for the call with its id alone, and says when the device refused', () => {
  const said = { answer: { meta: ['rpc.id', 7] }, refusal: 'x.shelly.rpc.error' } as const;
  const answer = (id: number, n: string) => {
    const awaited = awaitedOf('switch', { on: true }, said);
    return heard(message({ kind: 'event', meta: { 'rpc.id': id }, m: [{ n, v: 1 }] }), awaited);
  };
  assert.equal(answer(8, 'x.shelly.rpc.result.was_on'), 'nothing');
  assert.equal(answer(8, 'x.shelly.rpc.error.code'), 'nothing');
  assert.equal(answer(7, 'x.shelly.rpc.result.was_on'), 'done');
  assert.equal(answer(7, 'x.shelly.rpc.error.code'), 'refused');
});

test('an answer may be known by its topic; where none is described, a refusal may come in any message', () => {
  const on = (topic: string, n = 'x.tasmota.Rule1') =>
    message({ src: { proto: 'tasmota', topic }, m: [{ n, vs: 'ON' }] });
  const awaited = awaitedOf('set', {}, { answer: { topic: 'stat/lamp/' }, refusal: 'x.tasmota.Command' });
  assert.equal(heard(on('tele/lamp/STATE'), awaited), 'nothing');
  assert.equal(heard(on('stat/lamp/RESULT'), awaited), 'done');
  assert.equal(heard(on('stat/lamp/RESULT', 'x.tasmota.Command'), awaited), 'refused');
  const wanted = awaitedOf('switch', { on: true }, { refusal: 'x.tasmota.Command' });
  assert.equal(heard(on('stat/lamp/RESULT', 'x.tasmota.Command'), wanted), 'refused');
});

test('a value without number or flag is shown by anything under its name, a text by itself', () => {
  const shows = (metric: object, m: Measurement['m']) =>
    heard(message({ m }), awaitedOf('set', {}, { state: [metric] }));
  assert.equal(shows({ n: 'cover.state' }, [{ n: 'cover.state', vs: 'opening' }]), 'done');
  assert.equal(shows({ n: 'cover.state' }, [{ n: 'cover.state', q: 'sentinel', raw: null }]), 'nothing');
  assert.equal(shows({ n: 'x.json.mode', value: 'eco' }, [{ n: 'x.json.mode', vs: 'eco' }]), 'done');
  assert.equal(shows({ n: 'x.json.mode', value: 'eco' }, [{ n: 'x.json.mode', vs: 'boost' }]), 'nothing');
  assert.equal(shows({ ep: 'blind' }, [{ n: 'position', v: 3, ep: 'blind' }]), 'done');
});

test('a command that nobody describes is proved by any state or answer, not by a measurement', () => {
  const awaited = awaitedOf('dance', { a: 1 }, undefined);
  assert.equal(heard(message({ kind: 'telemetry' }), awaited), 'nothing');
  assert.equal(heard(message({ kind: 'event' }), awaited), 'done');
});

test('after a start only a value that was asked for proves anything', () => {
  assert.deepEqual(awaitedAfterStart('switch', { on: true })?.open, [
    { n: 'switch.state', ep: undefined, value: true },
  ]);
  assert.equal(awaitedAfterStart('cover', { do: 'open' }), undefined);
  assert.equal(awaitedAfterStart('dance', {}), undefined);
});
