import { z } from 'zod';
import {
  command,
  gather,
  localId,
  modbusFrame,
  outbound,
  PortcullisError,
  shownBy,
  switchArgs,
  type CodecContext,
  type CommandRequest,
  type Outbound,
} from '../../contracts/index.ts';
import { mapOf, type Config, type Station } from './config.ts';
import { put } from './decode.ts';
import { highLow, stationTopic } from './plan.ts';
import type { Point } from './register-map.ts';

interface Target {
  readonly station: Station;
  readonly points: readonly Point[];
}

function target({ device }: CommandRequest, { config }: CodecContext<Config>): Target {
  const id = localId(device);
  const station = Object.hasOwn(config.devices, id) ? config.devices[id] : undefined;
  if (station === undefined) throw new PortcullisError('COMMAND_INVALID', `There is no station ${id}.`);
  return { station, points: mapOf(config, station).points };
}

/** Function 5 for a coil, 6 for one register, 16 for two (application protocol V1.1b3, 6.5, 6.6 and 6.12). */
function write(station: Station, point: Point | undefined, value: number): Outbound {
  if (point?.writable === undefined) throw new PortcullisError('COMMAND_INVALID', 'This station has no such output.');
  const { min, max } = point.writable;
  if (value < min || value > max) {
    throw new PortcullisError('COMMAND_INVALID', `${point.name} takes ${min} to ${max}.`);
  }
  const [fn, ...data] = point.table === 'coil' ? [5, ...highLow(value === 0 ? 0 : 0xff00)] : registers(point, value);
  const count = fn === 16 ? [...highLow(2), 4] : [];
  const frame = modbusFrame([station.unit, fn ?? 0, ...highLow(point.at), ...count, ...data]);
  return outbound(
    `${stationTopic(station)}/${fn}/${point.at}/${fn === 16 ? 2 : 1}`,
    Buffer.from(frame).toString('hex'),
  );
}

function registers({ as, order, scale, table }: Point, value: number): number[] {
  if (table !== 'holding')
    throw new PortcullisError('COMMAND_INVALID', 'Only coils and holding registers are written.');
  const raw = scale === undefined ? value : value / scale;
  const view = new DataView(new ArrayBuffer(4));
  if (as === 'uint16' || as === 'int16') return [6, ...highLow(Math.round(raw) & 0xffff)];
  if (as === 'float32') view.setFloat32(0, raw);
  else view.setInt32(0, Math.round(raw) | 0);
  const [high, low] = [view.getUint16(0), view.getUint16(2)];
  return order === 'high first' ? [16, ...highLow(high), ...highLow(low)] : [16, ...highLow(low), ...highLow(high)];
}

export const commands = {
  switch: command({
    args: switchArgs(z.string().max(16)),
    idempotent: true,
    encode(request, context: CodecContext<Config>) {
      const { station, points } = target(request, context);
      const { on, ep } = request.args;
      const coil = points.find((point) => point.word === 'switch.state' && (ep === undefined || point.ep === ep));
      return [write(station, coil, on ? 1 : 0)];
    },
  }),
  set: command({
    args: z.strictObject({ point: z.string().max(48), value: z.number() }),
    idempotent: true,
    // The echo of a write says nothing: the register is read again.
    expects(request, context: CodecContext<Config>) {
      const { point, value } = request.args;
      const written = target(request, context).points.find(({ name }) => name === point);
      if (written === undefined) return undefined;
      const gathering = gather('modbus');
      put(gathering, written, written.scale === undefined ? value : value / written.scale);
      return { state: shownBy(gathering.readings(request.device).flatMap(({ metrics }) => metrics)) };
    },
    encode(request, context: CodecContext<Config>) {
      const { station, points } = target(request, context);
      return [
        write(
          station,
          points.find(({ name }) => name === request.args.point),
          request.args.value,
        ),
      ];
    },
  }),
};
