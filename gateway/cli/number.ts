import { InvalidArgumentError } from 'commander';

interface Range {
  readonly min: number;
  readonly max?: number;
}

/** Reads an option or an argument that is a whole number, so that a wrong one is told by its own name. */
export const wholeNumber =
  ({ min, max = Number.MAX_SAFE_INTEGER }: Range) =>
  (text: string): number => {
    const value = /^-?\d+$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    const range = max === Number.MAX_SAFE_INTEGER ? `from ${min} on` : `from ${min} to ${max}`;
    throw new InvalidArgumentError(`It is a whole number ${range}.`);
  };
