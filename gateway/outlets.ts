import type { Logger } from 'pino';
import { PortcullisError } from '../contracts/errors.ts';
import type { Outbound, Outgoing } from '../contracts/plugin.ts';
import { tell } from './observability/channels.ts';
import type { Hardware } from './open-hardware.ts';
import type { MqttTransport } from './transports/mqtt/listen-mqtt.ts';

/** One way to devices. */
interface Way {
  /** Whether somebody is there now to hear the topic. */
  reaches(topic: string): boolean;
  /** Rejects with COMMAND_INVALID when the device refused, DEVICE_UNREACHABLE when it is silent. */
  publish(outbound: Outbound): Promise<unknown>;
}

/** Where messages to devices go. */
export interface Outlet extends Way {
  /**
   * Throws COMMAND_INVALID for a topic that a message of a device taught and that this device itself may not hear: else
   * the gateway would speak for it where it may not.
   */
  check(outgoing: Outgoing, plugin: string): void;
}

/** Topics `serial/<port>/…` and `gpio/<line>/…` are lines of the board, every other one is for the broker. */
export function outletsOf(
  { serial, gpio }: Pick<Hardware, 'serial' | 'gpio'>,
  mqtt: MqttTransport,
  log: Logger,
): Outlet {
  const board: Readonly<Record<string, Way>> = {
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
  const broker: Way = {
    reaches: (topic) => mqtt.reaches(topic) > 0,
    publish: (outbound) => mqtt.publish(outbound),
  };
  const outletOf = (topic: string): Way => {
    const [root = ''] = topic.split('/', 1);
    return Object.hasOwn(board, root) ? (board[root] ?? broker) : broker;
  };
  return {
    reaches: (topic) => outletOf(topic).reaches(topic),
    publish: (outbound) => outletOf(outbound.topic).publish(outbound),
    check({ topic, taughtBy }, plugin) {
      if (taughtBy === undefined) return;
      const isOurs = outletOf(topic) !== broker;
      if (!isOurs && mqtt.mayBeToldBy(taughtBy, plugin, topic)) return;
      tell('rejected', { stage: 'commands', reason: 'topic-of-another', count: 1 });
      log.warn({ topic, user: taughtBy }, 'a device named a topic for its commands that it may not hear');
      throw new PortcullisError(
        'COMMAND_INVALID',
        `The device named the topic ${topic}, which it may not hear itself.`,
      );
    },
  };
}
