import type { Scalar } from './message.ts';
import type { ReadingMetric } from './plugin.ts';
import { canonicalUnit, convert, normaliseUnit } from './units.ts';

/**
 * One value that a device shows, in canonical words and units; numbers within `within` (0). Without `value` any value
 * of it, without `ep` any endpoint, without `n` anything of the endpoint.
 */
export interface ShownValue {
  readonly n?: string | undefined;
  readonly ep?: string | undefined;
  readonly value?: number | boolean | string | undefined;
  readonly within?: number | undefined;
}

/** How to know a message that answers the command: all that is given must be so. */
export interface AnswerMark {
  /** What its topic begins with. */
  readonly topic?: string | undefined;
  /** An entry of its `meta`. */
  readonly meta?: readonly [key: string, value: Scalar] | undefined;
}

/**
 * What shows that a command was done: all of `state`, in one message or several, or one message that is the `answer`. A
 * metric whose name begins with `refusal`, in the answer where one is described, says that the device will not do it.
 */
export interface CommandProof {
  readonly state?: readonly ShownValue[] | undefined;
  readonly answer?: AnswerMark | undefined;
  readonly refusal?: string | undefined;
}

/** A command as it goes out, and what will show that it was done. */
export interface EncodedCommand<Message> {
  readonly outbound: readonly Message[];
  readonly proof?: CommandProof | undefined;
}

/** Devices round what they are told to their own steps. */
const ownStep = 0.005;

/** What a device that took over such values shows, converted as its messages are. */
export function shownBy(metrics: readonly ReadingMetric[]): ShownValue[] {
  return metrics.map(({ n, ep, value, unit }) => {
    const place = { n, ...(ep !== undefined && { ep }) };
    if (typeof value !== 'number') return value === undefined ? place : { ...place, value };
    const shown = unit === undefined ? value : canonical(n, value, unit);
    return shown === undefined ? place : { ...place, value: shown, within: Math.abs(shown) * ownStep };
  });
}

/** Undefined where nobody knows what the device will print. */
function canonical(name: string, value: number, spelling: string): number | undefined {
  const unit = normaliseUnit(spelling);
  const wanted = name.startsWith('x.') ? unit : canonicalUnit(name);
  return unit === undefined || wanted === undefined || unit === wanted ? value : convert(value, unit, wanted);
}
