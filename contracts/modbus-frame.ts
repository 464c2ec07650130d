/**
 * Frames of Modbus RTU: station, function, data, CRC. Both sides need them: a codec makes questions and reads answers,
 * the gateway cuts an answer out of what the line brought. After "MODBUS over Serial Line, Specification and
 * Implementation Guide" V1.02 and "MODBUS Application Protocol Specification" V1.1b3 (modbus.org).
 */

/** Serial line guide, 2.5.1: a frame has at most 256 bytes. */
export const longestModbusFrame = 256;
const shortestFrame = 4;

/** The CRC-16 of the serial line guide, 6.2.2: polynomial 0xA001, start 0xFFFF. */
export function modbusCrc(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >> 1 : (crc >> 1) ^ 0xa001;
  }
  return crc;
}

/** Station, function and data with their CRC, whose low byte goes first. */
export function modbusFrame(body: readonly number[] | Uint8Array): Uint8Array {
  const frame = new Uint8Array(body.length + 2);
  frame.set(body);
  const crc = modbusCrc(frame.subarray(0, -2));
  frame[body.length] = crc & 0xff;
  frame[body.length + 1] = crc >> 8;
  return frame;
}

/** Whether these bytes are one whole frame with a right CRC. */
export function isModbusFrame(bytes: Uint8Array): boolean {
  if (bytes.length < shortestFrame || bytes.length > longestModbusFrame) return false;
  const [low, high] = bytes.subarray(-2);
  return modbusCrc(bytes.subarray(0, -2)) === (low ?? 0) + (high ?? 0) * 256;
}

/** Why a station refused (application protocol, section 7). */
export const modbusExceptions: Readonly<Record<number, string>> = {
  1: 'illegal function',
  2: 'illegal data address',
  3: 'illegal data value',
  4: 'server device failure',
  5: 'acknowledge, it takes longer',
  6: 'server device busy',
  8: 'memory parity error',
  10: 'gateway path unavailable',
  11: 'gateway target device failed to respond',
};

/** What was heard so far of the answer to one question. */
export type ModbusHeard =
  | { readonly is: 'nothing yet' }
  | { readonly is: 'answer'; readonly frame: Uint8Array }
  | { readonly is: 'exception'; readonly code: number };

/**
 * Looks for the answer to a question in the bytes that came after it. Noise around it is passed over: an answer has the
 * station and function of the question, the length that the question asks for, and a right CRC.
 */
export function findModbusAnswer(heard: Uint8Array, question: Uint8Array): ModbusHeard {
  const [station = 0, fn = 0] = question;
  const length = answerLength(question);
  for (let at = 0; at + exceptionLength <= heard.length; at++) {
    if (heard[at] !== station) continue;
    const code = heard[at + 2] ?? 0;
    if (heard[at + 1] === (fn | 0x80) && isModbusFrame(heard.subarray(at, at + exceptionLength))) {
      return { is: 'exception', code };
    }
    const frame = heard.subarray(at, at + length);
    if (heard[at + 1] !== fn || frame.length < length || !isModbusFrame(frame)) continue;
    if (answersTo(frame, question)) return { is: 'answer', frame: Uint8Array.from(frame) };
  }
  return { is: 'nothing yet' };
}

const exceptionLength = 5;

/** Application protocol, 6.1 to 6.12: reads answer with a byte count, writes with the first six bytes of the question. */
function answerLength(question: Uint8Array): number {
  const [, fn = 0, , , high = 0, low = 0] = question;
  const count = high * 256 + low;
  if (fn === 1 || fn === 2) return 5 + Math.ceil(count / 8);
  return fn === 3 || fn === 4 ? 5 + 2 * count : 8;
}

/** The echo of an adapter that hears itself has the question's function too, but not an answer's byte count. */
function answersTo(frame: Uint8Array, question: Uint8Array): boolean {
  const [, fn = 0, count] = frame;
  if (fn <= 4) return count === frame.length - 5;
  return frame.subarray(0, 6).every((byte, index) => byte === question[index]);
}
