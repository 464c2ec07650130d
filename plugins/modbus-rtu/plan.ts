import { modbusFrame, type SerialPoll } from '../../contracts/index.ts';
import { mapOf, type Config, type Station } from './config.ts';
import { readFunctions, widths, type Point, type RegisterMap } from './register-map.ts';

/** Neighbouring values of one table that one question asks for. */
export interface Block {
  readonly table: Point['table'];
  readonly at: number;
  readonly count: number;
}

/** So many registers between two values are read along: another question costs more time on the line. */
const widestGap = 8;

/** The fewest questions for a map: sorted by place, cut where a gap is wide or the device's limit is reached. */
export function blocksOf({ points, most }: RegisterMap): readonly Block[] {
  const blocks: Block[] = [];
  const sorted = points.toSorted((a, b) => a.table.localeCompare(b.table) || a.at - b.at);
  for (const { table, at, as } of sorted) {
    const last = blocks.at(-1);
    const end = at + widths[as];
    if (last?.table === table && at <= last.at + last.count + widestGap && end - last.at <= most) {
      blocks[blocks.length - 1] = { ...last, count: Math.max(last.count, end - last.at) };
    } else blocks.push({ table, at, count: widths[as] });
  }
  return blocks;
}

/** Topic of a station, `serial/<port>/<number>`. */
export function stationTopic({ port, unit }: Station): string {
  return `serial/${port}/${unit}`;
}

export const highLow = (number: number): [number, number] => [number >> 8, number & 0xff];

/** The questions of every device. The topic tells what was asked, because an answer does not. */
export function polls(config: Config): readonly SerialPoll[] {
  return Object.values(config.devices).flatMap((station) =>
    blocksOf(mapOf(config, station)).map(({ table, at, count }) => {
      const fn = readFunctions[table];
      const frame = modbusFrame([station.unit, fn, ...highLow(at), ...highLow(count)]);
      return {
        port: station.port,
        station: stationTopic(station),
        topic: `${stationTopic(station)}/${fn}/${at}/${count}`,
        request: Buffer.from(frame).toString('hex'),
        everyMs: station.everySeconds * 1000,
        timeoutMs: station.timeoutMs,
      };
    }),
  );
}
