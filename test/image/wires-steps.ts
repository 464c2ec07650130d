import { setTimeout as sleep } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import { modbusSlave } from '../harness/modbus-slave.ts';
import { ptyPair } from '../harness/pty-pair.ts';
import { waitUntil } from '../harness/wait-until.ts';
import type { TestCloud } from '../harness/cloud.ts';
import { patienceMs, type Board } from './board.ts';

/** The configuration of a meter on the USB adapter and a door contact on pin 11. */
export const wires = {
  serial: {
    ports: {
      meters: {
        adapter: { vendor: '0403', product: '6001', serial: 'METER1' },
        baudRate: 9600,
        parity: 'none',
        protocol: { as: 'modbus-rtu' },
      },
    },
  },
  gpio: { lines: { 'front-door': { as: 'input', pin: 11, debounceMs: 0 } } },
  plugins: {
    config: {
      'modbus-rtu': {
        devices: { house: { port: 'meters', unit: 1, map: 'sdm120', everySeconds: 5, timeoutMs: 5_000 } },
      },
      gpio: { lines: { 'front-door': { is: 'door' } } },
    },
  },
};

/** A meter at the far end of a cable; gives back the device node of the near end, for the board's adapter. */
export async function meterOnACable(t: TestContext): Promise<string> {
  const { ends } = await ptyPair(t);
  const slave = await modbusSlave(t, ends[1], 1);
  for (let address = 0; address < 400; address += 1) slave.input.set(address, 0);
  const volts = new DataView(new ArrayBuffer(4));
  volts.setFloat32(0, 231.5);
  for (const [address, offset] of [
    [0, 0],
    [1, 2],
  ] as const)
    slave.input.set(address, volts.getUint16(offset));
  return ends[0];
}

/** The meter's voltage, through USB, driver, Modbus, buffer and HTTPS, is in the cloud. */
export const meterIsHeard = (cloud: TestCloud): Promise<void> =>
  waitUntil('the voltage of the meter to be in the cloud', () => hasRow(cloud, /voltage=231\.5/), patienceMs);

/** Edges of the kernel's gpio-sim, under the label of a Raspberry Pi's chip, are in the cloud. */
export async function doorIsHeard({ run }: Board, cloud: TestCloud): Promise<void> {
  await run(`modprobe gpio-sim
mount -t configfs config /sys/kernel/config 2>/dev/null || true
cd /sys/kernel/config/gpio-sim
mkdir pi pi/header
echo 54 >pi/header/num_lines
echo pinctrl-bcm2835 >pi/header/label
echo 1 >pi/live`);
  const pull = (to: string): Promise<string> =>
    run(`for line in /sys/devices/platform/gpio-sim.0/gpiochip*/sim_gpio17/pull; do echo ${to} >"$line"; done`);
  for (const [to, said] of [
    ['pull-up', /contact=true/],
    ['pull-down', /contact=false/],
  ] as const)
    await waitUntil(
      `the door to be ${said} in the cloud`,
      async () => {
        await pull(to);
        await sleep(2_000);
        return hasRow(cloud, said);
      },
      patienceMs,
    );
}

const hasRow = async (cloud: TestCloud, said: RegExp): Promise<boolean> =>
  (await cloud.received()).some(({ summary }) => said.test(summary));
