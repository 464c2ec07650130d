import type { AedesPublishPacket, Client } from 'aedes';
import { matchesFilter } from '../../lib/topic-filter.ts';
import { tell } from '../../observability/channels.ts';
import type { Connection } from './connection.ts';

/** What Aedes keeps of a subscription. */
interface Granted {
  readonly qos: 0 | 1 | 2;
}

/**
 * Aedes' `authorizeForward`: what is about to be written to a subscriber. Rights are checked again here, because a
 * stored subscription may be older than the rights, and a subscriber that does not read is cut off before its unsent
 * bytes grow: Aedes alone waits for it, and every other subscriber with it.
 */
export function openForwardGate(connectionOf: (client: Client) => Connection | undefined, maxUnsentBytes: number) {
  return (client: Client, packet: AedesPublishPacket): AedesPublishPacket | null => {
    const rights = connectionOf(client)?.identity?.rights;
    if (rights === undefined || !rights.mayReceive(packet.topic)) return null;
    if (client.conn.writableLength > maxUnsentBytes) return slowSubscriber(client, packet);
    if (packet.retain || packet.qos === 2) lowerQos(client, packet);
    return packet;
  };
}

function slowSubscriber(client: Client, packet: AedesPublishPacket): null {
  lowerQos(client, packet);
  if (packet.qos === 0) {
    tell('dropped', { stage: 'mqtt', reason: 'slow-subscriber', count: 1 });
  } else if (!client.conn.destroyed) {
    tell('rejected', { stage: 'mqtt', reason: 'slow-subscriber', count: 1 });
    client.conn.destroy();
  }
  return null;
}

/** Section 3.8.4: the lower of the message's and the granted QoS. Aedes finds the grant for exact filters only. */
function lowerQos(client: Client, packet: AedesPublishPacket): void {
  const { subscriptions } = client as unknown as { subscriptions: Readonly<Record<string, Granted>> };
  let granted: 0 | 1 | 2 = 0;
  for (const [filter, { qos }] of Object.entries(subscriptions)) {
    if (qos > granted && matchesFilter(filter, packet.topic)) granted = qos;
  }
  if (granted < packet.qos) packet.qos = granted;
}
