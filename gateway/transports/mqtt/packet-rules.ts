import { filterFault, isMqttText, topicFault } from './mqtt-text.ts';

/** Limits on the bytes of one packet. */
export interface PacketLimits {
  /** Whole packet after the fixed header, in bytes. */
  readonly maxPacketBytes: number;
  readonly maxTopicBytes: number;
  readonly maxTopicLevels: number;
  readonly maxClientIdBytes: number;
  /** Of one SUBSCRIBE or UNSUBSCRIBE. */
  readonly maxFilters: number;
}

/** Names what breaks MQTT 3.1.1, or says nothing. */
type Rule = (bytes: Buffer, start: number, end: number, flags: number, limits: PacketLimits) => string | undefined;

export const CONNECT = 1;
export const PUBLISH = 3;

const forbidden: Rule = () => 'packet-type';

/** PINGREQ, DISCONNECT: nothing after the header. */
const empty: Rule = (_bytes, start, end, flags) => (start === end && flags === 0 ? undefined : 'packet-length');

/** PUBACK, PUBREC, PUBREL, PUBCOMP: the packet identifier alone; PUBREL has flag bits 0010 (section 3.6.1). */
const acknowledgement =
  (expectedFlags: number): Rule =>
  (bytes, start, end, flags) => {
    if (flags !== expectedFlags) return 'header-flags';
    if (end - start !== 2) return 'packet-length';
    return bytes.readUInt16BE(start) === 0 ? 'packet-id' : undefined;
  };

/** Section 3.3: topic, identifier where QoS > 0, payload. DUP without QoS breaks 3.3.1-2. */
const publish: Rule = (bytes, start, end, flags, limits) => {
  const qos = (flags >> 1) & 3;
  if (qos === 3) return 'qos';
  if (qos === 0 && flags & 8) return 'dup-without-qos';
  if (end - start < 2) return 'packet-length';
  const topicEnd = start + 2 + bytes.readUInt16BE(start);
  if (topicEnd + (qos > 0 ? 2 : 0) > end) return 'packet-length';
  if (topicEnd - start - 2 > limits.maxTopicBytes) return 'topic-length';
  if (qos > 0 && bytes.readUInt16BE(topicEnd) === 0) return 'packet-id';
  return topicFault(bytes, start + 2, topicEnd, limits.maxTopicLevels);
};

/** Sections 3.8 and 3.10: identifier and at least one filter; SUBSCRIBE has a QoS byte behind each. */
const filterList =
  (withQos: boolean): Rule =>
  (bytes, start, end, flags, limits) => {
    if (flags !== 2) return 'header-flags';
    if (end - start < 5) return 'packet-length';
    if (bytes.readUInt16BE(start) === 0) return 'packet-id';
    let count = 0;
    for (let at = start + 2; at < end;) {
      if (++count > limits.maxFilters) return 'too-many-filters';
      const filterEnd = stringEnd(bytes, at, end);
      if (filterEnd < 0 || (withQos && filterEnd === end)) return 'packet-length';
      if (filterEnd - at - 2 > limits.maxTopicBytes) return 'topic-length';
      if (!isMqttText(bytes, at + 2, filterEnd)) return 'text';
      const fault = filterFault(bytes.toString('utf8', at + 2, filterEnd), limits.maxTopicLevels);
      if (fault !== undefined) return fault;
      if (withQos && bytes[filterEnd]! > 2) return 'qos';
      at = withQos ? filterEnd + 1 : filterEnd;
    }
    return undefined;
  };

/** Section 3.1. The parser behind checks the reserved bit; everything it lets pass is checked here. */
const connect: Rule = (bytes, start, end, flags, limits) => {
  if (flags !== 0) return 'header-flags';
  const nameEnd = stringEnd(bytes, start, end);
  if (nameEnd < 0 || nameEnd + 4 > end) return 'packet-length';
  const fault = protocolFault(bytes.toString('latin1', start + 2, nameEnd), bytes[nameEnd]!);
  if (fault !== undefined) return fault;
  const options = bytes[nameEnd + 1]!;
  return connectFlagsFault(options) ?? connectPayloadFault(bytes, nameEnd + 4, end, options, limits);
};

/** Levels 3 and 4; bit 7 marks a bridge. Level 5 has its own answer so that a version 5 client can fall back. */
function protocolFault(name: string, levelByte: number): string | undefined {
  const level = levelByte & 0x7f;
  if (name !== 'MQTT' && name !== 'MQIsdp') return 'protocol-name';
  if (name === 'MQTT' && level === 5) return 'protocol-5';
  return level === (name === 'MQTT' ? 4 : 3) ? undefined : 'protocol-version';
}

/** Sections 3.1.2.3 to 3.1.2.9. */
function connectFlagsFault(options: number): string | undefined {
  const will = (options & 0x04) !== 0;
  const willQos = (options >> 3) & 3;
  if (options & 0x01) return 'connect-flags';
  if (willQos === 3) return 'will-qos';
  if (!will && (options & 0x38) !== 0) return 'connect-flags';
  if ((options & 0xc0) === 0x40) return 'password-without-user';
  return undefined;
}

function connectPayloadFault(
  bytes: Buffer,
  start: number,
  end: number,
  options: number,
  limits: PacketLimits,
): string | undefined {
  let at = stringEnd(bytes, start, end);
  if (at < 0) return 'packet-length';
  if (!isMqttText(bytes, start + 2, at)) return 'text';
  if (at - start - 2 > limits.maxClientIdBytes) return 'client-id-length';
  if (at - start === 2 && (options & 0x02) === 0) return 'client-id-empty';
  if (options & 0x04) {
    const topicStart = at + 2;
    at = stringEnd(bytes, at, end);
    if (at < 0) return 'packet-length';
    if (at - topicStart > limits.maxTopicBytes) return 'topic-length';
    const fault = topicFault(bytes, topicStart, at, limits.maxTopicLevels);
    if (fault !== undefined) return fault;
    at = stringEnd(bytes, at, end);
    if (at < 0) return 'packet-length';
  }
  if (options & 0x80) {
    const userStart = at + 2;
    at = stringEnd(bytes, at, end);
    if (at < 0) return 'packet-length';
    if (!isMqttText(bytes, userStart, at)) return 'text';
  }
  if (options & 0x40) at = stringEnd(bytes, at, end);
  return at === end ? undefined : 'packet-length';
}

/** End of the length-prefixed field at `at`, or -1 when it does not fit. */
function stringEnd(bytes: Buffer, at: number, end: number): number {
  if (at + 2 > end) return -1;
  const fieldEnd = at + 2 + bytes.readUInt16BE(at);
  return fieldEnd > end ? -1 : fieldEnd;
}

/** One rule per packet type (section 2.2.1); what only a server sends is refused. */
export const packetRules: readonly Rule[] = [
  forbidden, // reserved
  connect,
  forbidden, // CONNACK
  publish,
  acknowledgement(0), // PUBACK
  acknowledgement(0), // PUBREC
  acknowledgement(2), // PUBREL
  acknowledgement(0), // PUBCOMP
  filterList(true), // SUBSCRIBE
  forbidden, // SUBACK
  filterList(false), // UNSUBSCRIBE
  forbidden, // UNSUBACK
  empty, // PINGREQ
  forbidden, // PINGRESP
  empty, // DISCONNECT
  forbidden, // reserved
];

/** What a refused CONNECT is told before the connection closes (section 3.2.2.3); everything else is told nothing. */
export const connackFor: ReadonlyMap<string, Uint8Array> = new Map([
  ['protocol-version', Uint8Array.of(0x20, 2, 0, 1)],
  ['protocol-5', Uint8Array.of(0x20, 3, 0, 0x84, 0)],
  ['client-id-empty', Uint8Array.of(0x20, 2, 0, 2)],
  ['client-id-length', Uint8Array.of(0x20, 2, 0, 2)],
]);
