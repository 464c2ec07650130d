import type { CellAnswer, CellCall, CellRefusal } from '../../contracts/cell.ts';
import type { Reading, ReadingMetric } from '../../contracts/plugin.ts';
import { convert, normaliseUnit } from '../../contracts/units.ts';
import type { Clock } from '../lib/clock.ts';
import { tell } from '../observability/channels.ts';

/** A resource of the device as a contract writes it: what its values may be, and what a command may set. */
export interface DeviceResource {
  readonly name: string;
  readonly valueType?: string | undefined;
  readonly readWrite?: 'R' | 'W' | 'RW' | undefined;
  /** Of `minimum` and `maximum`, and of a value without a unit of its own. */
  readonly units?: string | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  /** Commands per second to one device. */
  readonly maxRate?: number | undefined;
}

/** Holds values and commands of a plugin to the resources of its contract; what they do not name passes. */
export interface DeviceGuard {
  /** Why a command is not sent. A command that passes counts for the rate. */
  refuses(call: Extract<CellCall, { is: 'encode' }>): CellRefusal | undefined;
  /** Values beyond their range or type lose their value, so that they reach neither buffer nor cloud. */
  held(answer: Extract<CellAnswer, { is: 'decoded' }>): Extract<CellAnswer, { is: 'decoded' }>;
}

/** Devices whose last commands are remembered; the one that waited longest is forgotten. */
const maxRemembered = 1_024;

export function deviceGuard(resources: readonly DeviceResource[], { monoMs }: Pick<Clock, 'monoMs'>): DeviceGuard {
  const byName = new Map(resources.map((one) => [one.name, one]));
  const lastSet = new Map<string, number>();
  const tooSoon = ({ name, maxRate }: DeviceResource, device: string): boolean => {
    if (maxRate === undefined) return false;
    const key = `${name} ${device}`;
    const [last, now] = [lastSet.get(key), monoMs()];
    if (last !== undefined && now - last < 1_000 / maxRate) return true;
    lastSet.delete(key);
    lastSet.set(key, now);
    const [oldest] = lastSet.keys();
    if (lastSet.size > maxRemembered && oldest !== undefined) lastSet.delete(oldest);
    return false;
  };
  return {
    refuses({ command, device, args }) {
      for (const [name, value] of wishes(command, args)) {
        const resource = byName.get(name);
        if (resource === undefined) continue;
        const wrong =
          resource.readWrite === 'R'
            ? 'can only be read'
            : isWithin(resource, { value })
              ? tooSoon(resource, device) && 'is set more often than its contract lets'
              : 'is set to a value beyond its contract';
        if (wrong === false) continue;
        tell('rejected', { stage: 'cells', reason: 'PC-R204', count: 1 });
        return { is: 'refused', code: 'PC-R204', detail: `${name} ${wrong}` };
      }
      return undefined;
    },
    held(answer) {
      let beyond = 0;
      const held = (metric: ReadingMetric): ReadingMetric => {
        const resource = byName.get(metric.n);
        if (resource === undefined || metric.value === undefined || isWithin(resource, metric)) return metric;
        beyond += 1;
        const { value: _value, raw: _raw, ...rest } = metric;
        return { ...rest, q: 'out_of_range' };
      };
      const readings = answer.readings.map((reading): Reading => ({
        ...reading,
        metrics: reading.metrics.map((metric) => held(metric)),
      }));
      if (beyond === 0) return answer;
      tell('rejected', { stage: 'cells', reason: 'PC-R204', count: beyond });
      return { ...answer, readings };
    },
  };
}

/** What a command sets: each of its arguments by its name, and `value` by the name of the command. */
function wishes(command: string, args: unknown): readonly (readonly [string, unknown])[] {
  if (typeof args !== 'object' || args === null || Array.isArray(args)) return [[command, args]];
  return Object.entries(args).map(([name, value]) => [name === 'value' ? command : name, value] as const);
}

const integers: Readonly<Record<string, readonly [number, number]>> = {
  Int8: [-(2 ** 7), 2 ** 7 - 1],
  Int16: [-(2 ** 15), 2 ** 15 - 1],
  Int32: [-(2 ** 31), 2 ** 31 - 1],
  Int64: [-(2 ** 63), 2 ** 63],
  Uint8: [0, 2 ** 8 - 1],
  Uint16: [0, 2 ** 16 - 1],
  Uint32: [0, 2 ** 32 - 1],
  Uint64: [0, 2 ** 64],
};

function isWithin(resource: DeviceResource, { value, unit }: { value?: unknown; unit?: string | undefined }): boolean {
  const { valueType, units, minimum = -Infinity, maximum = Infinity } = resource;
  if (!isOfType(value, valueType)) return false;
  if (typeof value !== 'number') return true;
  const inUnits = unit === undefined || units === undefined || unit === units ? value : converted(value, unit, units);
  return inUnits !== undefined && inUnits >= minimum && inUnits <= maximum;
}

function isOfType(value: unknown, valueType: string | undefined): boolean {
  if (valueType === undefined) return true;
  if (valueType === 'Bool') return typeof value === 'boolean';
  if (valueType === 'String' || valueType === 'Binary') return typeof value === 'string';
  if (valueType === 'Object') return typeof value === 'object' && value !== null;
  if (typeof value !== 'number' || !Number.isFinite(value)) return false;
  const range = integers[valueType];
  return range === undefined || (Number.isInteger(value) && value >= range[0] && value <= range[1]);
}

/** A unit that cannot be turned into the contract's own says nothing about its range. */
function converted(value: number, unit: string, units: string): number | undefined {
  const [from, to] = [normaliseUnit(unit), normaliseUnit(units)];
  return from === undefined || to === undefined ? undefined : from === to ? value : convert(value, from, to);
}
