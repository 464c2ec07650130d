import type { CodecContext, Envelope, Plugin, Reading } from '../../contracts/plugin.ts';
import type { Place } from '../../contracts/message.ts';
import { classify } from './classify.ts';
import { convertMetric } from './convert.ts';
import { resolveSourceTime } from './source-time.ts';
import type { OffsetAt } from '../lib/zone-time.ts';
import type { Decoded, Refusal } from './task.ts';
import { whatIsWrong } from './validate.ts';

/** What the stateless steps need besides the message. */
export interface DecodeContext {
  readonly placeOf: (device: string) => Place | undefined;
  readonly offsetAt: OffsetAt;
}

export interface DecodedEnvelope {
  readonly measurements: readonly Decoded[];
  readonly refused: readonly Refusal[];
}

/** Decode, validate, convert, enrich, classify. Whatever the plugin or the payload does, the answer is a value. */
export function decodeEnvelope(
  plugin: Plugin,
  envelope: Envelope,
  codec: CodecContext,
  context: DecodeContext,
): DecodedEnvelope {
  let readings: readonly Reading[];
  try {
    readings = plugin.decode(envelope, codec);
    if (!Array.isArray(readings)) throw new TypeError('decode must give a list of readings');
  } catch (error) {
    return { measurements: [], refused: [{ code: 'decode-failed', detail: reasonOf(error) }] };
  }
  const measurements: Decoded[] = [];
  const refused: Refusal[] = [];
  for (const reading of readings) {
    try {
      const wrong = whatIsWrong(reading);
      if (wrong === undefined) measurements.push(measure(reading, plugin.proto, envelope.receivedAt, context));
      else refused.push({ ...deviceOf(reading), code: 'invalid-reading', detail: wrong });
    } catch (error) {
      refused.push({ ...deviceOf(reading), code: 'invalid-reading', detail: reasonOf(error) });
    }
  }
  return { measurements, refused };
}

function measure(reading: Reading, proto: string, receivedAt: number, context: DecodeContext): Decoded {
  const m = reading.metrics.map((metric) => convertMetric(metric, proto));
  const { ts, clk } = resolveSourceTime(reading.at, receivedAt, context.offsetAt);
  const place = context.placeOf(reading.device);
  return {
    kind: reading.kind,
    dev: reading.ep === undefined ? { id: reading.device } : { id: reading.device, ep: reading.ep },
    ts,
    clk,
    cls: classify(reading.kind, m),
    m,
    ...(reading.meta === undefined ? undefined : { meta: reading.meta }),
    ...(place === undefined ? undefined : { place }),
  };
}

function deviceOf(reading: Reading): { device?: string } {
  const device: unknown = reading?.device;
  return typeof device === 'string' && device !== '' ? { device: device.slice(0, 256) } : {};
}

/** An error's message, bounded: it may quote the payload. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.slice(0, 256);
}
