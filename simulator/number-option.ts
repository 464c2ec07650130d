import { InvalidArgumentError } from 'commander';

/** A parser for commander: a number within bounds, or one clear sentence. */
const numberBetween =
  (least: number, most: number, whole = true) =>
  (text: string): number => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (value >= least && value <= most && (!whole || Number.isInteger(value))) return value;
    throw new InvalidArgumentError(`It is ${whole ? 'a whole number' : 'a number'} from ${least} to ${most}.`);
  };

export const portOption = numberBetween(1, 65_535);
export const rateOption = numberBetween(0.01, 1000, false);
export const secondsOption = numberBetween(0.1, 31_536_000, false);
export const seedOption = numberBetween(0, 4_294_967_295);
