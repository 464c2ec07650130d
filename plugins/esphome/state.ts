import {
  eachLeaf,
  gather,
  isObject,
  numberOf,
  parseJson,
  timeOf,
  type About,
  type Gathering,
  type Json,
  type Kind,
  type Reading,
  type Scalar,
} from '../../contracts/index.ts';
import type { Channel } from './channel.ts';
import { isNoNumber, render, type Template } from './template.ts';

const maxRaw = 256;

interface Gathered {
  readonly state: Gathering;
  readonly availability: Gathering;
  /** Endpoints whose availability is told already. */
  readonly said: Set<string>;
}

/** A message on a topic that discovery described: every channel finds its value, every other leaf stays an `x.` entry. */
export function readChannels(text: string, channels: readonly Channel[]): readonly Reading[] {
  const json = channels.some(({ t, all }) => t?.path !== undefined || all === true) ? jsonOf(text) : undefined;
  const byDevice = new Map<string, Gathered>();
  const used = new Set<string>();
  for (const channel of channels) {
    const own: Gathered = byDevice.get(channel.d) ?? {
      state: gather('ha'),
      availability: gather('ha'),
      said: new Set<string>(),
    };
    byDevice.set(channel.d, own);
    if (channel.t?.path !== undefined) used.add(channel.t.path.join('.'));
    if (channel.w !== 'availability') readChannel(own.state, channel, text, json, used);
    else if (!own.said.has(channel.ep)) {
      // Every entity of a device names the same availability topic.
      own.said.add(channel.ep);
      readAvailability(own.availability, channel, text, json);
    }
  }
  const [first] = byDevice.values();
  if (first !== undefined && isObject(json)) {
    eachLeaf(json, (path, value) => {
      if (!used.has(path)) first.state.other(path, value);
    });
  }
  const readings: Reading[] = [];
  for (const [device, { state, availability }] of byDevice) {
    readings.push(...state.readings(device, kindOf(channels)), ...availability.readings(device, 'availability'));
  }
  return readings;
}

/** Flags and positions are state, anything measured decides for itself. */
function kindOf(channels: readonly Channel[]): Kind | undefined {
  return channels.every(({ on, num }) => on !== undefined && num === undefined) ? 'state' : undefined;
}

function jsonOf(text: string): Json | undefined {
  return text.startsWith('{') || text.startsWith('[') ? parseJson(text) : (numberOf(text) ?? undefined);
}

function readAvailability(
  gathering: Gathering,
  { t, on, off, ep }: Channel,
  text: string,
  json: Json | undefined,
): void {
  const rendered = t === null ? 'unparsed' : render(t ?? {}, text, json);
  const said = typeof rendered === 'object' ? rendered.value : text;
  const about: About = ep === '' ? {} : { ep };
  if (said === on || said === off) gathering.word('availability', 'availability', said === on, about);
  else gathering.other('availability', bounded(said), { ...about, unparsed: true });
}

function readChannel(
  gathering: Gathering,
  channel: Channel,
  text: string,
  json: Json | undefined,
  used: Set<string>,
): void {
  const { t: template, ep } = channel;
  const rendered = template === null ? 'unparsed' : render(template ?? {}, text, json);
  if (rendered === 'absent' || channel.all === true) return;
  if (rendered === 'unparsed') {
    put(gathering, channel, bounded(text), { ...about(channel), unparsed: true });
    return;
  }
  const seriesStart = channel.lr === undefined ? undefined : resetTime(channel.lr, text, json, used);
  const { value } = rendered;
  if (channel.on !== undefined) readFlag(gathering, channel, value);
  else if (channel.num !== true)
    put(gathering, channel, typeof value === 'string' ? (numberOf(value) ?? value) : value, { ep });
  else readNumber(gathering, channel, value, { ...about(channel), seriesStart });
}

function about({ u, c, ep }: Channel): About {
  return { unit: u, counter: c, ep };
}

/** A total that starts anew names the moment in `last_reset`; without a zone it is no moment. */
function resetTime(template: Template, text: string, json: Json | undefined, used: Set<string>): number | undefined {
  const rendered = render(template, text, json);
  const at = typeof rendered === 'object' ? timeOf(rendered.value) : undefined;
  if (at === undefined || !('utcMs' in at)) return undefined;
  if (template.path !== undefined) used.add(template.path.join('.'));
  return at.utcMs;
}

/** Templates print flags as Python does. */
function readFlag(gathering: Gathering, channel: Channel, value: Scalar): void {
  const said = value === true ? ['True', 'true'] : value === false ? ['False', 'false'] : [String(value)];
  const is = said.includes(channel.on ?? '') ? true : said.includes(channel.off ?? '') ? false : undefined;
  if (is !== undefined) put(gathering, channel, is, { ep: channel.ep });
  else if (value === null || isNoNumber(value)) put(gathering, channel, value, { ep: channel.ep, sentinel: true });
  else put(gathering, channel, bounded(value), { ep: channel.ep, unparsed: true });
}

function readNumber(gathering: Gathering, channel: Channel, value: Scalar, about: About): void {
  const number = typeof value === 'string' ? numberOf(value) : value;
  if (typeof number === 'number') put(gathering, channel, number, about);
  else if (value === null || isNoNumber(value)) put(gathering, channel, value, { ...about, sentinel: true });
  else put(gathering, channel, bounded(value), { ...about, unparsed: true });
}

function put(gathering: Gathering, { w: word, ep: object, t }: Channel, value: Scalar, about: About): void {
  if (word !== undefined) gathering.word(word, object, value, about);
  else gathering.other(object === '' ? (t?.path?.join('.') ?? 'value') : object, value, { ...about, ep: undefined });
}

function bounded(value: Scalar): Scalar {
  return typeof value === 'string' ? value.slice(0, maxRaw) : value;
}
