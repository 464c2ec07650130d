import { numberOf, type CounterKind, type Gathering, type MetricWord, type Scalar } from '../../contracts/index.ts';

/** What a topic or a field means. A key that is not in a table becomes an `x.` entry. */
export interface Meaning {
  readonly word?: MetricWord;
  readonly unit?: string;
  readonly counter?: CounterKind;
  /** Values that stand for "no value". */
  readonly sentinels?: readonly Scalar[];
  /** What the source's words or numbers mean as a flag. */
  readonly flags?: ReadonlyMap<Scalar, boolean>;
  /** The leaf describes the device, or repeats a value in another unit: it is kept as metadata. */
  readonly meta?: true;
}

/** Puts a value where its meaning says; a flag in words that are not known stays as it is, as an `x.` entry. */
export function putMeaning(
  gathering: Gathering,
  meaning: Meaning | undefined,
  key: string,
  value: Scalar,
  ep: string | undefined,
): void {
  if (meaning?.meta === true) {
    gathering.meta(key, value);
    return;
  }
  const sentinel = meaning?.sentinels?.includes(value);
  const about = { unit: meaning?.unit, counter: meaning?.counter, ep, sentinel };
  const flag = meaning?.flags?.get(value);
  if (meaning?.word === undefined) gathering.other(key, value, about);
  else if (flag !== undefined) gathering.word(meaning.word, key, flag, about);
  else if (meaning.flags === undefined || sentinel === true || value === null) {
    gathering.word(meaning.word, key, value, about);
  } else gathering.other(key, value, about);
}

/** A plain text payload as the value it stands for. */
export function scalarOf(text: string): Scalar {
  if (text === 'true') return true;
  if (text === 'false') return false;
  return numberOf(text) ?? text;
}
