import {
  gather,
  member,
  parseObject,
  PortcullisError,
  textOf,
  type CodecContext,
  type Envelope,
  type Json,
  type MetricWord,
  type Reading,
} from '../../contracts/index.ts';
import { flags, type Config, type LineMeaning } from './config.ts';

const proto = 'gpio';
/** Significant digits of a product: what is beyond them is the noise of binary fractions. */
const digits = 12;

/** What the gateway saw at a line. What came over another transport was seen by nobody. */
export function decode({ topic, transport, payload }: Envelope, { config }: CodecContext<Config>): readonly Reading[] {
  const [, name = '', rest, ...more] = topic.split('/');
  const meaning = Object.hasOwn(config.lines, name) ? config.lines[name] : undefined;
  if (transport !== 'gpio' || meaning === undefined || more.length > 0) throw refused('comes from no known line');
  const device = `${proto}:${name}`;
  if (rest === 'availability') return availability(device, textOf(payload));
  if (rest !== undefined) throw refused('comes from no known line');
  const said = parseObject(textOf(payload));
  if (meaning.is === 'pulses') return pulses(device, meaning, member(said, 'count'), member(said, 'since'));
  const level = member(said, 'level');
  if (level !== 0 && level !== 1) throw refused(`has no level, which "${meaning.is}" needs`);
  const gathering = gather(proto);
  gathering.word(meaning.is === 'switch' ? 'switch.state' : flags[meaning.is], 'level', level === 1);
  return gathering.readings(device, 'state');
}

function availability(device: string, said: string): readonly Reading[] {
  if (said !== 'online' && said !== 'offline') throw refused('tells neither online nor offline');
  const gathering = gather(proto);
  gathering.word('availability', 'availability', said === 'online');
  return gathering.readings(device, 'availability');
}

function pulses(
  device: string,
  { of, unit, perPulse, reading }: Extract<LineMeaning, { is: 'pulses' }>,
  count: Json | undefined,
  since: Json | undefined,
): readonly Reading[] {
  if (!isCount(count) || !isCount(since)) throw refused('has no count, which "pulses" needs');
  const total = Number((reading + count * perPulse).toPrecision(digits));
  const gathering = gather(proto);
  gathering.word(of as MetricWord, 'count', total, { unit, counter: 'total_increasing', seriesStart: since });
  gathering.other('pulses', count, { counter: 'total_increasing', seriesStart: since });
  return gathering.readings(device, 'telemetry');
}

function isCount(value: Json | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function refused(why: string): PortcullisError {
  return new PortcullisError('DECODE_FAILED', `The message ${why}.`);
}
