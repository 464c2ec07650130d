import type { Message, Metric } from '../../../contracts/message.ts';

/** One metric of a record: the series that it belongs to, and its whole line. */
export interface Line {
  readonly series: string;
  readonly text: string;
}

/**
 * The lines of one record (docs.influxdata.com, "Line protocol reference"): the measurement is the metric's name, tags say
 * whose and where it is and in which unit, the value is the field `value` (numbers), `state` (true, false) or `text`.
 * `boot` and `seq` are the record's own: they tell what is missing. A metric without a value has no line.
 *
 * The time is the source's in nanoseconds; the digits below a millisecond are the record's sequence, so that two records
 * of one millisecond do not overwrite each other and a repeated one overwrites itself.
 */
export function linesOf(message: Message): Line[] {
  const at = BigInt(message.ts) * 1_000_000n + BigInt(message.seq % 1_000_000);
  return message.m.flatMap((metric): Line[] => {
    const field = fieldOf(metric);
    if (field === undefined) return [];
    const series = `${measurement(metric.n)}${tagsOf(message, metric)}`;
    return [{ series, text: `${series} ${field},boot=${message.boot}i,seq=${message.seq}i ${at}` }];
  });
}

function fieldOf({ v, vb, vs }: Metric): string | undefined {
  if (v !== undefined) return `value=${v}`;
  if (vb !== undefined) return `state=${vb}`;
  return vs === undefined ? undefined : `text="${vs.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** In the order of their keys, as the database likes them best; an empty one is not allowed and left out. */
function tagsOf({ dev, gw, place = {} }: Message, { ep, u }: Metric): string {
  const tags = {
    area: place.area,
    building: place.building,
    device: dev.id,
    endpoint: ep ?? dev.ep,
    floor: place.floor,
    gateway: gw,
    room: place.room,
    site: place.site,
    unit: u,
  };
  return Object.entries(tags)
    .flatMap(([key, value]) => (value === undefined || value === '' ? [] : [`,${key}=${tagValue(value)}`]))
    .join('');
}

const measurement = (name: string): string => safe(name).replaceAll(/[, ]/g, String.raw`\$&`);
const tagValue = (value: string): string => safe(value).replaceAll(/[,= ]/g, String.raw`\$&`);

/** A line break ends a line whatever stands before it, and a backslash at the end would take what follows with it. */
const safe = (text: string): string => text.replaceAll(/\p{Cc}/gu, '_').replace(/\\+$/, '_');
