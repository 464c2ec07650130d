import type { LiveRecord, LiveSubscriber } from '../../contracts/live.ts';
import { qualities, type Kind, type Measurement } from '../../contracts/message.ts';
import type { TextMeasurement } from '../../contracts/pipeline.ts';
import { isLate } from '../lib/late.ts';
import type { RuleEngine } from './core/engine.ts';
import type { Now } from './core/evaluate.ts';
import type { Told } from './core/feeding.ts';

/** Devices whose last own time is remembered. */
const maxRemembered = 20_000;

/** What the gateway says of a device is no sign of life of it. What a decode thread told of is never its own. */
const isOwn = ({ keys, text }: LiveRecord): boolean => keys === undefined && text.includes('"proto":"gateway"');
const isChange = ({ kind, text }: LiveRecord): boolean => kind === 'change' && !text.includes('"subject":"twin"');

/**
 * What rules hear of what was stored. Most records are none of theirs, and of those that are only the ones that no decode
 * thread told of get parsed. A message that a device made before another one of it that was heard already is late, and
 * changes nothing.
 */
export function ruleListener(parts: {
  readonly engine: RuleEngine;
  readonly now: () => Now;
  /** Of one device, or of places and whatever stands in them. */
  readonly onRegistryChange: (device: string | undefined) => void;
  /** There is something to do. */
  readonly onEffects: () => void;
  /** Not all that devices said was heard. */
  readonly onLost: () => void;
  /** All is heard for now: something may fall due sooner than it did. */
  readonly onRest: () => void;
}): LiveSubscriber {
  const { engine, now } = parts;
  const isBehind = lateness(() => now().wall);
  const names = namesIn();
  const settle = (): void => {
    if (engine.hasEffects) parts.onEffects();
  };
  return {
    name: 'rules',
    wants(record) {
      if (isChange(record)) {
        parts.onRegistryChange(record.text.includes('"subject":"device"') ? record.device : undefined);
        return false;
      }
      const interest = engine.interestIn(record.device);
      if (interest === undefined) return false;
      const { heard, byWord } = interest;
      return (heard.length > 0 && !isOwn(record)) || (byWord.size > 0 && names(record, byWord));
    },
    takeUnread(record) {
      const said = saidIn(record, engine.interestIn(record.device)?.byWord);
      if (said === undefined) return false;
      const { device, kind, ts } = record;
      if (told.has(kind)) engine.hear(device, isBehind(device, ts) ? [] : said, now());
      settle();
      return true;
    },
    take(message) {
      const { dev, ts, clk } = message;
      tellEngine(engine, message, now(), isBehind(dev.id, clk === 'source' ? ts : undefined));
      settle();
    },
    lost: parts.onLost,
    rest: parts.onRest,
  };
}

/** Whether a message, by its device's own clock, is older than one that was heard. */
function lateness(wallMs: () => number | undefined): (device: string, ts: number | undefined) => boolean {
  const latest = new Map<string, number>();
  return (device, ts) => {
    if (ts === undefined) return false;
    const before = latest.get(device) ?? ts;
    if (ts < before && isLate({ ts, clk: 'source', rts: wallMs() ?? 0 }, before)) return true;
    latest.delete(device);
    latest.set(device, ts);
    const [oldest] = latest.keys();
    if (latest.size > maxRemembered && oldest !== undefined) latest.delete(oldest);
    return false;
  };
}

interface Words {
  has(word: string): boolean;
}

const wordOf = (key: string): string => key.slice(key.indexOf('\n') + 1);

/** Whether a record has a metric of one of the words. Messages of a batch share their keys, and devices that are alike their words. */
function namesIn(): (record: LiveRecord, words: Words) => boolean {
  let last: { readonly keys: readonly string[]; readonly words: Words; readonly answer: boolean } | undefined;
  return ({ keys, text }, words) => {
    if (keys === undefined) return namesInText(text, words);
    if (last?.keys !== keys || last.words !== words)
      last = { keys, words, answer: keys.some((key) => words.has(wordOf(key))) };
    return last.answer;
  };
}

function namesInText(text: string, words: Words): boolean {
  for (let at = text.indexOf('"n":"'); at >= 0; at = text.indexOf('"n":"', at)) {
    const end = text.indexOf('"', at + 5);
    if (end < 0) return false;
    if (words.has(text.slice(at + 5, end))) return true;
    at = end;
  }
  return false;
}

const told: ReadonlySet<string> = new Set<Kind>(['telemetry', 'state', 'event', 'availability', 'alarm']);
const isMomentary = (kind: string, word: string): boolean => kind === 'event' || word === 'action';

/** Gives the engine what a message says. */
export function tellEngine(engine: RuleEngine, message: Measurement, now: Now, isLate: boolean): void {
  const { dev, kind, m, src } = message;
  if (!told.has(kind) || src.proto === 'gateway') return;
  const said = (isLate ? [] : m).flatMap(({ n, ep, v, vb, vs }): Told[] => {
    const value = v ?? vb ?? vs;
    if (value === undefined) return [];
    return [{ device: dev.id, word: n, ep: ep ?? dev.ep, value, momentary: isMomentary(kind, n) }];
  });
  engine.hear(dev.id, said, now);
}

/**
 * What a record says of words that rules look at, without reading its text. Undefined where only the text can tell: the
 * absence of a value is told as its quality and what was sent, and looks like a text.
 */
function saidIn({ device, kind, keys, values }: TextMeasurement, words: Words = new Set()): Told[] | undefined {
  const said: Told[] = [];
  for (const [index, key] of keys.entries()) {
    const cut = key.indexOf('\n');
    const word = key.slice(cut + 1);
    const value = values[index];
    if (!words.has(word) || value === undefined || value === null) continue;
    if (typeof value === 'string' && qualities.some((quality) => value.startsWith(`${quality} `))) return undefined;
    said.push({ device, word, ep: cut < 0 ? undefined : key.slice(0, cut), value, momentary: isMomentary(kind, word) });
  }
  return said;
}
