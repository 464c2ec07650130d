import type { LiveRecord, LiveSubscriber } from '../../contracts/live.ts';
import type { Measurement } from '../../contracts/message.ts';
import type { RuleEngine, Told } from './core/engine.ts';
import type { Now } from './core/evaluate.ts';

/** Devices whose last own time is remembered. */
const maxRemembered = 20_000;

/** What the gateway says of a device is no sign of life of it. */
const isOwn = (text: string): boolean => text.includes('"proto":"gateway"');
const isChange = ({ kind, text }: LiveRecord): boolean => kind === 'change' && !text.includes('"subject":"twin"');

/**
 * What rules hear of what was stored. Most records are none of theirs, and only those that are get parsed. A message that a
 * device made before another one of it that was heard already is late, and changes nothing.
 */
export function ruleListener(parts: {
  readonly engine: RuleEngine;
  readonly now: () => Now;
  /** Of one device, or of places and whatever stands in them. */
  readonly onRegistryChange: (device: string | undefined) => void;
  readonly onTold: () => void;
}): LiveSubscriber {
  const { engine, now } = parts;
  const latest = new Map<string, number>();
  const isLate = ({ dev: { id }, ts, clk }: Measurement): boolean => {
    if (clk !== 'source') return false;
    if (ts < (latest.get(id) ?? -Infinity)) return true;
    latest.delete(id);
    latest.set(id, ts);
    const [oldest] = latest.keys();
    if (latest.size > maxRemembered && oldest !== undefined) latest.delete(oldest);
    return false;
  };
  return {
    name: 'rules',
    wants(record) {
      const { device, text } = record;
      if (isChange(record)) {
        parts.onRegistryChange(text.includes('"subject":"device"') ? device : undefined);
        return false;
      }
      const interest = engine.interestIn(device);
      if (interest === undefined) return false;
      return (
        (interest.heard.length > 0 && !isOwn(text)) || (interest.byWord.size > 0 && names(record, interest.byWord))
      );
    },
    take(message) {
      tellEngine(engine, message, now(), isLate(message));
      parts.onTold();
    },
  };
}

/** Whether a record has a metric of one of the names. */
function names({ keys, text }: LiveRecord, words: { has(word: string): boolean }): boolean {
  if (keys !== undefined) return keys.some((key) => words.has(key.slice(key.indexOf('\n') + 1)));
  for (let at = text.indexOf('"n":"'); at >= 0; at = text.indexOf('"n":"', at)) {
    const end = text.indexOf('"', at + 5);
    if (end < 0) return false;
    if (words.has(text.slice(at + 5, end))) return true;
    at = end;
  }
  return false;
}

const told: ReadonlySet<string> = new Set(['telemetry', 'state', 'event', 'availability', 'alarm']);

/** Gives the engine what a message says. */
export function tellEngine(engine: RuleEngine, message: Measurement, now: Now, isLate: boolean): void {
  const { dev, kind, m, src } = message;
  if (!told.has(kind) || src.proto === 'gateway') return;
  const said = (isLate ? [] : m).flatMap(({ n, ep, v, vb, vs }): Told[] => {
    const value = v ?? vb ?? vs;
    if (value === undefined) return [];
    return [{ device: dev.id, word: n, ep: ep ?? dev.ep, value, momentary: kind === 'event' || n === 'action' }];
  });
  engine.hear(dev.id, said, now);
}
