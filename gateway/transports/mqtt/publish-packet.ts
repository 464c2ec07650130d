/** A PUBLISH of QoS 0 or 1 (MQTT 3.1.1, section 3.3), whose bytes were checked. */
export interface DirectPublish {
  readonly topic: string;
  /** A view of the chunk that it came in. */
  readonly payload: Buffer;
  readonly qos: 0 | 1;
  /** As the client asked; the gate takes it away where the message may not be retained. */
  retain: boolean;
  /** 0 with QoS 0. */
  readonly messageId: number;
}

/** Whether a PUBLISH with this first byte needs no answer or one. QoS 2 with its four packets is the broker's. */
export const isDirect = (head: number): boolean => (head & 0x04) === 0;

/** Reads a PUBLISH that passed the packet rules; its body is at `start` to `end`. */
export function readPublish(bytes: Buffer, head: number, start: number, end: number): DirectPublish {
  const qos = ((head >> 1) & 1) as 0 | 1;
  const topicEnd = start + 2 + bytes.readUInt16BE(start);
  const payloadStart = topicEnd + 2 * qos;
  return {
    topic: bytes.toString('utf8', start + 2, topicEnd),
    payload: bytes.subarray(payloadStart, end),
    qos,
    retain: (head & 1) === 1,
    messageId: qos === 0 ? 0 : bytes.readUInt16BE(topicEnd),
  };
}
