import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import type { FlowsStatus } from '../../gateway/flows/open-flows.ts';
import { waitUntil } from '../harness/wait-until.ts';
import { patienceMs, type Board } from './board.ts';

const unit = 'portcullis-flows';
const limitBytes = 200 * 1024 * 1024;

/** Whatever a button says raises an alarm. */
const buttonToAlarm = [
  { id: 'f1', type: 'tab', label: 'button' },
  {
    id: 'in',
    z: 'f1',
    type: 'portcullis-device-in',
    devices: 'json:flows/button/state',
    metrics: 'x.json.pressed',
    wires: [['out']],
  },
  {
    id: 'out',
    z: 'f1',
    type: 'portcullis-alarm-raise',
    code: 'pressed',
    severity: 'low',
    detail: 'somebody pressed the button',
    wires: [[]],
  },
];

/** Node-RED runs in its own unit with user, limit and network of its own, and does what was deployed. Gives back its memory, in MiB. */
export async function flowsRunInTheirUnit(board: Board, token: string): Promise<number> {
  await untilStarted(board, token);
  const pid = await board.run(`systemctl show ${unit} -p MainPID --value`);
  assert.equal(await board.run(`stat -c %U /proc/${pid}`), unit);
  const group = `/sys/fs/cgroup/system.slice/${unit}.service`;
  assert.equal(await board.run(`cat ${group}/memory.max`), `${limitBytes}`);
  assert.match(await board.run(`cat ${group}/cgroup.procs`), new RegExp(`^${pid}$`, 'm'));
  const network = async (of: string): Promise<string> => board.run(`readlink /proc/${of}/ns/net`);
  assert.notEqual(await network(pid), await network('1'));
  // Line 1 is the heading: nobody listens, whatever the protocol.
  assert.equal(await board.run(`cat /proc/${pid}/net/tcp /proc/${pid}/net/tcp6 | grep -c : || true`), '0');

  assert.equal((await board.fetch('/flows/')).status, 401);
  const page = await board.fetch('/flows/', { token });
  assert.match(await page.text(), /red\.min\.js/);

  const deployed = await board.fetch('/api/v1/flows/deploy', { token, body: buttonToAlarm });
  assert.equal(deployed.status, 200, await deployed.text());
  await untilStarted(board, token);
  const button = await connectAsync({ host: '127.0.0.1', port: board.mqttPort });
  const isRaised = async (): Promise<boolean> => {
    // Again and again: what is said before the new flow listens is not heard by it.
    await button.publishAsync('flows/button/state', '{"pressed":true}', { qos: 1 });
    await sleep(2_000);
    return (await (await board.fetch('/api/v1/alarms', { token })).text()).includes('flow.pressed');
  };
  await waitUntil('the alarm of the flow', isRaised, patienceMs);
  await button.endAsync();
  return Math.round(Number(await board.run(`cat ${group}/memory.current`)) / 2 ** 20);
}

async function untilStarted(board: Board, token: string): Promise<void> {
  let last: FlowsStatus | undefined;
  const started = async (): Promise<boolean> => {
    last = (await (await board.fetch('/api/v1/flows', { token })).json()) as FlowsStatus;
    return last.state === 'running' && last.flows === 'started';
  };
  await waitUntil('the flows to run', started, patienceMs).catch(async (error: Error) => {
    const told = await board.run(`journalctl -b -u ${unit} -u portcullis --no-pager | tail -40`);
    throw new Error(`${error.message}\n${JSON.stringify(last)}\n${told}`, { cause: error });
  });
}
