import { connect, type MqttClient } from 'mqtt';
import type { FarSide } from './contender.ts';
import { numbersIn } from './numbers.ts';

/** The far side of a broker alone: a subscriber with a session that lasts, so that messages at QoS 1 wait for it. */
export function durableSubscriber(port: number): FarSide {
  const numbers = new Set<number>();
  let client: MqttClient | undefined;
  const vanish = async (): Promise<void> => {
    await client?.endAsync();
    client = undefined;
  };
  return {
    numbers: async () => numbers,
    count: () => numbers.size,
    forget: async () => numbers.clear(),
    async appear() {
      if (client !== undefined) return;
      const opened = connect({ host: '127.0.0.1', port, clientId: 'far-side', clean: false, reconnectPeriod: 0 });
      // Before it is connected: what waits comes together with the answer to CONNECT.
      opened.on('message', (_topic, payload) => {
        for (const n of numbersIn(payload.toString())) numbers.add(n);
      });
      await new Promise<void>((resolve, reject) => {
        opened.once('connect', () => resolve());
        opened.once('error', reject);
      });
      opened.on('error', () => undefined);
      client = opened;
      await client.subscribeAsync('#', { qos: 1 });
    },
    vanish,
    [Symbol.asyncDispose]: vanish,
  };
}
