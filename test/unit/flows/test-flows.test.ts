import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { flowsCommand } from '../../../gateway/cli/flows.ts';
import { testFlows, type FlowTestResult } from '../../../gateway/flows/testing/test-flows.ts';

const templates = join(import.meta.dirname, '../../../gateway/flows/templates');

test('each shipped flow does what its recorded fixture expects, and one that does something else is told', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-flow-tests-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(templates, folder, { recursive: true });
  const light = join(folder, 'presence-light.flowtest.yaml');
  writeFileSync(join(folder, 'wrong.flowtest.yaml'), readFileSync(light, 'utf8').replace('61s', '59s'));
  const escape = "const process = this.constructor.constructor('return process')();";
  const act =
    "try { process.getBuiltinModule('fs').readFileSync('/etc/hostname'); msg.args = { on: true } } catch (e) { msg.args = { refused: e.code } }";
  const spawn =
    "try { process.getBuiltinModule('child_process').execSync('true'); msg.args.spawned = true } catch (e) { msg.args.spawn = e.code }";
  const nodes = [
    { id: 't', type: 'tab', label: 'escape' },
    { id: 'in', z: 't', type: 'portcullis-device-in', wires: [['f']] },
    {
      id: 'f',
      z: 't',
      type: 'function',
      func: `${escape}${act};${spawn}; msg.args.env = Object.keys(process.env).join(); return msg;`,
      outputs: 1,
      wires: [['out']],
    },
    { id: 'out', z: 't', type: 'portcullis-command-out', device: 'd', command: 'c', wires: [[], []] },
  ];
  writeFileSync(join(folder, 'escape.json'), JSON.stringify(nodes));
  const args = '{ refused: ERR_ACCESS_DENIED, spawn: ERR_ACCESS_DENIED, env: TZ }';
  const steps = `steps:\n  - measure: { device: d, metric: x, value: 1 }\n  - expect: { commands: [{ device: d, name: c, args: ${args} }] }\n`;
  writeFileSync(join(folder, 'escape.flowtest.yaml'), `flow: escape.json\n${steps}`);

  const printed = t.mock.method(console, 'log', () => undefined).mock;
  await flowsCommand().parseAsync(['test', folder, '--json'], { from: 'user' });
  assert.equal(process.exitCode, 1);
  process.exitCode = undefined;
  const { results } = JSON.parse(String(printed.calls[0]?.arguments[0])) as { results: FlowTestResult[] };
  assert.deepEqual(
    results.filter(({ problems }) => problems.length > 0).map(({ file, problems }) => [basename(file), problems]),
    [
      [
        'wrong.flowtest.yaml',
        ['Step 8: expected commands [{"device":"lamp","name":"switch","args":{"on":false}}], but there were [].'],
      ],
    ],
  );
  assert.equal(results.length, 6);
});

test('a fixture that is not right is one sentence', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-flow-tests-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'a.flowtest.yaml');
  await assert.rejects(testFlows([folder]), { code: 'USAGE' });
  writeFileSync(file, 'flow: none.json\nsteps: [{ wait: 1 }]\n');
  await assert.rejects(testFlows([file]), { code: 'CONFIG_INVALID' });
  writeFileSync(file, 'flow: none.json\nsteps: [{ advance: 1m }]\n');
  await assert.rejects(testFlows([file]), { code: 'FILE_UNREADABLE' });
  writeFileSync(join(folder, 'none.json'), '[{"id":"x","type":"exec"}]');
  await assert.rejects(testFlows([file]), /Nodes of the type "exec" are off/);
});
