import type { Aedes, Client, PublishPacket } from 'aedes';
import type { Connection } from './connection.ts';
import type { Listening } from './decouple-delivery.ts';
import type { IngestGate } from './ingest-gate.ts';
import type { DirectPublish } from './publish-packet.ts';

/** A form of Aedes' `publish` that its types leave out: a message of a client. */
interface Publisher {
  publish(packet: PublishPacket, client: Client, done: (error?: Error) => void): void;
}

export interface PublishLaneParts {
  readonly broker: Aedes;
  readonly gate: Pick<IngestGate, 'publish'>;
  readonly listening: Listening;
}

/** The way of one message: through the gate, to its acknowledgement, to whoever listens. */
export type PublishLane = (client: Client, connection: Connection, publish: DirectPublish) => void;

/**
 * The short way for QoS 0 and 1, which is nearly all traffic: the broker's parser, its copies of the packet and its
 * emitter cost more than all else on the main thread, for a message that mostly nobody subscribed to. The broker gets
 * the message when somebody did. The order is the broker's own: commit, PUBACK, delivery.
 */
export function openPublishLane({ broker, gate, listening }: PublishLaneParts): PublishLane {
  const publisher = broker as unknown as Publisher;
  return (client, connection, publish) => {
    const failed = (error?: Error | null): void => {
      if (error) client.emit('error', error);
    };
    gate.publish(client, connection, publish, (error) => {
      if (error) return failed(error);
      const { topic, payload, qos, retain, messageId } = publish;
      if (qos === 1) connection.acknowledge(messageId);
      if (!listening(topic)) return;
      const packet = { cmd: 'publish', topic, payload, qos, retain, dup: false, messageId } as const;
      publisher.publish(packet, client, failed);
    });
  };
}
