import type { Outbound } from '../contracts/plugin.ts';
import type { Hardware } from './open-hardware.ts';
import type { MqttTransport } from './transports/mqtt/listen-mqtt.ts';

/** Where messages to devices go. */
export interface Outlet {
  /** Whether somebody is there now to hear the topic. */
  reaches(topic: string): boolean;
  /** Rejects with COMMAND_INVALID when the device refused, DEVICE_UNREACHABLE when it is silent. */
  publish(outbound: Outbound): Promise<unknown>;
}

/** Topics `serial/<port>/…` and `gpio/<line>/…` are lines of the board, every other one is for the broker. */
export function outletsOf({ serial, gpio }: Pick<Hardware, 'serial' | 'gpio'>, mqtt: MqttTransport): Outlet {
  const board: Readonly<Record<string, Outlet>> = {
    serial: {
      reaches(topic) {
        const [, name, unit] = topic.split('/');
        const port = serial.status().find(({ port }) => port === name);
        const station = port?.stations.find((one) => one.station === `serial/${name}/${unit}`);
        return port?.state === 'open' && station?.isOnline !== false;
      },
      publish: (outbound) => serial.send(outbound),
    },
    gpio: {
      reaches: (topic) => gpio.status().some(({ line, state }) => state === 'open' && line === topic.split('/')[1]),
      publish: (outbound) => gpio.send(outbound),
    },
  };
  const broker: Outlet = {
    reaches: (topic) => mqtt.reaches(topic) > 0,
    publish: (outbound) => mqtt.publish(outbound),
  };
  const outletOf = (topic: string): Outlet => {
    const [root = ''] = topic.split('/', 1);
    return Object.hasOwn(board, root) ? (board[root] ?? broker) : broker;
  };
  return {
    reaches: (topic) => outletOf(topic).reaches(topic),
    publish: (outbound) => outletOf(outbound.topic).publish(outbound),
  };
}
