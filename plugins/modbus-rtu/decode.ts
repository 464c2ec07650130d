import {
  gather,
  isModbusFrame,
  modbusExceptions,
  PortcullisError,
  textOf,
  type CodecContext,
  type Envelope,
  type Gathering,
  type Reading,
} from '../../contracts/index.ts';
import { mapOf, type Config } from './config.ts';
import { stationTopic } from './plan.ts';
import { readFunctions, widths, type Point } from './register-map.ts';

/** What a topic says: the function that was asked, and where. */
const question = /^(\d{1,2})\/(\d{1,5})\/(\d{1,3})$/;

/** An answer of a station, or what the gateway found out about it. What came over another transport is no answer. */
export function decode(envelope: Envelope, { config }: CodecContext<Config>): readonly Reading[] {
  const found = Object.entries(config.devices).find(([, station]) =>
    envelope.topic.startsWith(`${stationTopic(station)}/`),
  );
  if (envelope.transport !== 'serial' || found === undefined) throw refused('comes from no station of a serial line');
  const [name, station] = found;
  const device = `modbus:${name}`;
  const rest = envelope.topic.slice(stationTopic(station).length + 1);
  if (rest === 'availability') return availability(device, textOf(envelope.payload));
  const [, fn, at, count] = (question.exec(rest) ?? []).map(Number);
  if (fn === undefined || at === undefined || count === undefined) throw refused('has a topic that asks for nothing');
  const data = answered(envelope.payload, station.unit, fn, count);
  const gathering = gather('modbus');
  for (const point of mapOf(config, station).points) {
    const offset = point.at - at;
    if (readFunctions[point.table] !== fn || offset < 0 || offset + widths[point.as] > count) continue;
    put(gathering, point, valueAt(data, point, offset));
  }
  return gathering.readings(device);
}

function availability(device: string, said: string): readonly Reading[] {
  if (said !== 'online' && said !== 'offline') throw refused('tells neither online nor offline');
  const gathering = gather('modbus');
  gathering.word('availability', 'availability', said === 'online');
  return gathering.readings(device, 'availability');
}

/** The data of a read; nothing for the echo of a write. Whatever is wrong with the frame is a DECODE_FAILED. */
function answered(frame: Uint8Array, unit: number, fn: number, count: number): DataView {
  const [from, said = 0, bytes = 0] = frame;
  if (!isModbusFrame(frame)) throw refused('has a wrong CRC');
  if (from !== unit) throw refused(`comes from station ${from}`);
  if (said === (fn | 0x80)) throw refused(`is exception ${bytes}, ${modbusExceptions[bytes] ?? 'unknown'}`);
  if (said !== fn) throw refused(`answers function ${said}`);
  if (fn > 4) return new DataView(new ArrayBuffer(0));
  const expected = fn <= 2 ? Math.ceil(count / 8) : count * 2;
  if (bytes !== expected || frame.length !== expected + 5) throw refused('has another length than was asked for');
  return new DataView(frame.buffer, frame.byteOffset + 3, expected);
}

function valueAt(data: DataView, { as, order }: Point, offset: number): number {
  const register = (index: number): number => data.getUint16(2 * (offset + index));
  if (as === 'bit') return (data.getUint8(offset >> 3) >> (offset & 7)) & 1;
  if (as === 'uint16') return register(0);
  if (as === 'int16') return data.getInt16(2 * offset);
  const [high, low] = order === 'high first' ? [register(0), register(1)] : [register(1), register(0)];
  const pair = new DataView(new ArrayBuffer(4));
  pair.setUint16(0, high);
  pair.setUint16(2, low);
  if (as === 'uint32') return pair.getUint32(0);
  return as === 'int32' ? pair.getInt32(0) : Number(pair.getFloat32(0).toPrecision(7));
}

/** A number that is none (a phase that is not connected, in some makes) has no value. */
export function put(gathering: Gathering, point: Point, raw: number): void {
  const { name, word, unit, ep, counter, scale, on, sentinel, as } = point;
  const isFlag = as === 'bit' || on !== undefined;
  const value = isFlag ? raw === (on ?? 1) : scale === undefined ? raw : Number((raw * scale).toPrecision(12));
  const about = { unit, ep, counter, sentinel: raw === sentinel };
  if (word === undefined) gathering.other(name, value, about);
  else gathering.word(word, name, value, about);
}

function refused(why: string): PortcullisError {
  return new PortcullisError('DECODE_FAILED', `The answer ${why}.`);
}
