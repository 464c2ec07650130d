import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Example } from '../../../gateway/cells/examples.ts';
import { rehearse } from '../../../gateway/cells/rehearsal.ts';
import type { Demands } from '../../../gateway/cells/rehearsal.ts';
import { deps, planOf } from './plugins.ts';

/** Multiplies by a factor that the device tells once; has one command. */
const thermometer = `import { z } from 'zod';
class DeviceNotFound extends Error { name = 'DeviceNotFound'; }
const text = ({ payload }) => new TextDecoder().decode(payload);
export default {
  name: 'thermo', apiVersion: 1, proto: 'thermo', topics: ['thermo/#'], teaches: ['thermo/factor'],
  config: z.object({ offset: z.number().default(0) }),
  learn: (envelope) => [{ key: 'factor', value: Number(text(envelope)) }],
  decode(envelope, { config, knowledge }) {
    if (envelope.topic === 'thermo/factor') return [];
    if (envelope.topic === 'thermo/404') throw new DeviceNotFound('no such device');
    const value = JSON.parse(text(envelope)).t * (knowledge.get('factor') ?? 1) + config.offset;
    return [{ device: 'thermo:1', kind: 'telemetry', metrics: [{ n: 'temperature', key: 't', value, unit: '°C' }] }];
  },
  commands: { set: { args: z.strictObject({ to: z.number().max(30) }), idempotent: true,
    encode: ({ device, args }) => [{ topic: 'thermo/' + device + '/set', payload: String(args.to), qos: 1 }] } },
};
`;
const read = (value: number): unknown => [
  { device: 'thermo:1', kind: 'telemetry', metrics: [{ n: 'temperature', key: 't', value, unit: '°C' }] },
];
const says = (t: number) => ({ topic: 'thermo/1', payload: { t } });

async function outcome(t: TestContext, examples: readonly Example[], demands: Partial<Demands> = {}) {
  const plan = await planOf(t, thermometer, { config: { offset: 100 } });
  const fault = await rehearse(plan, { examples, ...demands }, deps);
  return fault === undefined ? 'kept' : `${fault.code} ${fault.detail}`;
}

test('a plugin that keeps its examples passes: readings, errors, commands, and what the device said before', async (t) => {
  const examples: Example[] = [
    { call: 'decode', args: [says(21.5)], expect: read(21.5) },
    { call: 'decode', args: [says(2)], given: [{ topic: 'thermo/factor', payload: '10' }], expect: read(20) },
    // What the device of one example said is forgotten before the next.
    { call: 'decode', args: [says(2)], expect: read(2) },
    { call: 'decode', args: [{ topic: 'thermo/404', payload: '' }], throws: 'DeviceNotFound' },
    {
      call: 'encode',
      args: ['set', 'thermo:1', { to: 21 }],
      expect: [{ topic: 'thermo/thermo:1/set', payload: '21', qos: 1 }],
    },
    { call: 'encode', args: ['set', 'thermo:1', { to: 99 }], throws: 'COMMAND_INVALID' },
  ];
  assert.equal(await outcome(t, examples), 'kept');
});

test('a plugin whose example lies is PC-R206, with what was expected and what came', async (t) => {
  const lies: [Example, RegExp][] = [
    [{ call: 'decode', args: [says(21)], expect: read(22) }, /at 0\.metrics\.0\.value expected 22, got 21$/],
    [{ call: 'decode', args: [says(21)], expect: [] }, /at 0 expected nothing, got \{"device":"thermo:1"/],
    [{ call: 'decode', args: [says(21)], throws: 'Error' }, /expected the error Error, got \[\{"device"/],
    [{ call: 'decode', args: [{ topic: 'thermo/404', payload: '' }], expect: [] }, /got the error DeviceNotFound/],
    [
      { call: 'encode', args: ['set', 'a', { to: 21 }], expect: [] },
      /expected nothing, got \{"topic":"thermo\/a\/set"/,
    ],
    [{ call: 'encode', args: ['boil', 'a', {}], expect: [] }, /got the error COMMAND_INVALID/],
  ];
  for (const [example, says] of lies) {
    const truth: Example = { call: 'decode', args: [{ topic: 'thermo/1', payload: { t: 1 } }], expect: read(1) };
    const said = await outcome(t, [truth, example]);
    assert.match(said, /^PC-R206 example 2 /);
    assert.match(said, says);
  }
});

test('an example that cannot be played is no pass', async (t) => {
  for (const example of [
    { call: 'read', args: ['dev-1'], expect: 1 },
    { call: 'decode', expect: [] },
    { call: 'decode', args: [says(1)], given: { celsius: 1 }, expect: read(1) },
  ]) {
    assert.match(await outcome(t, [example]), /^PC-R206 example 1 .*cannot be played/);
  }
});

test('examples hold without configuration, unless the contract says that the plugin does not start unconfigured', async (t) => {
  const examples: Example[] = [{ call: 'decode', args: [says(1)], expect: read(101) }];
  assert.match(await outcome(t, examples), /expected 101, got 1$/);
  assert.equal(await outcome(t, examples, { startsUnconfigured: false }), 'kept');
  const plan = await planOf(t, thermometer.replace('.default(0)', ''), { config: { offset: 1 } });
  const fault = await rehearse(plan, { examples: [], startsUnconfigured: true }, deps);
  assert.equal(fault?.code, 'CONFIG_INVALID');
});

test('an example that ends the process is no pass', async (t) => {
  const plan = await planOf(t, thermometer.replace('throw new', 'for (;;); new'), {
    limits: { callMs: 500 },
  });
  const examples = [{ call: 'decode', args: [{ topic: 'thermo/404', payload: '' }], expect: [] }];
  assert.match((await rehearse(plan, { examples }, deps))?.detail ?? '', /got the error hung/);
});

const lamp = (payload: string) => ({ topic: 'thermo/1', payload, retain: false });

test('everything that a simulated device says must decode, and its lessons hold for the examples', async (t) => {
  const factor = { topic: 'thermo/factor', payload: '10', retain: true };
  const other = { topic: 'lamp/1', payload: '', retain: false };
  const example: Example = { call: 'decode', args: [says(2)], expect: read(20) };
  assert.equal(await outcome(t, [example], { said: [factor, other, lamp('{"t":1}')] }), 'kept');
  assert.match(
    await outcome(t, [], { said: [factor, lamp('{')] }),
    /^PC-R206 message 2 .* does not decode: decode-failed$/,
  );
  assert.match(await outcome(t, [], { said: [factor, other] }), /^PC-R206 nothing that .* becomes a reading$/);
});
