import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync } from 'mqtt';

/** Devices that publish numbered readings without pause and remember which numbers were acknowledged. */
export interface Publisher {
  /** Numbers whose PUBACK (or PUBCOMP) arrived. */
  readonly acknowledged: ReadonlySet<number>;
  /** When each of them was, in nanoseconds of CLOCK_MONOTONIC. */
  readonly answeredNs: ReadonlyMap<number, bigint>;
  /** Waits until every device stopped; call it before looking at the numbers. */
  stop(): Promise<void>;
}

export interface PublisherOptions {
  readonly port: number;
  readonly devices: number;
  /** Where counting begins, so that each life of a test has numbers of its own. */
  readonly from?: number;
  readonly qos?: 1 | 2;
  readonly pauseMs?: number;
  /** Text that makes payloads longer. */
  readonly note?: string;
}

/**
 * A device that loses its connection stops: what it had not been told is acknowledged may be there or not, and a number
 * is never sent twice, so that two effects of one number are a fault of the gateway.
 */
export async function startPublisher({
  port,
  devices,
  from = 0,
  qos = 1,
  pauseMs = 1,
  note,
}: PublisherOptions): Promise<Publisher> {
  const acknowledged = new Set<number>();
  const answeredNs = new Map<number, bigint>();
  let next = from;
  const stopping = new AbortController();

  const clients = await Promise.all(
    Array.from({ length: devices }, (_, device) =>
      connectAsync({ host: '127.0.0.1', port, reconnectPeriod: 0, clientId: `fault${from}-${device}` }),
    ),
  );
  const publishing = clients.map(async (client, device) => {
    client.on('error', () => undefined);
    const closed = new Promise<'closed'>((resolve) => client.once('close', () => resolve('closed')));
    while (!stopping.signal.aborted && client.connected) {
      const n = next++;
      const payload = JSON.stringify({ n, temperature: 20 + (n % 50) / 10, note });
      const sent = client.publishAsync(`fault/device${device}/state`, payload, { qos }).then(
        () => 'acknowledged' as const,
        () => 'closed' as const,
      );
      if ((await Promise.race([sent, closed])) === 'closed') return;
      acknowledged.add(n);
      answeredNs.set(n, process.hrtime.bigint());
      await sleep(pauseMs);
    }
    await client.endAsync(true);
  });

  return {
    acknowledged,
    answeredNs,
    stop: async () => {
      stopping.abort();
      await Promise.all(publishing);
    },
  };
}
