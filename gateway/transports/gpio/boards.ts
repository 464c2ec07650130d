import type { OwnBoard } from './options.ts';

/** What is where on a board's header. */
export interface Board {
  /** Labels of the chip that the header is wired to; each make has its own. */
  readonly chips: readonly string[];
  /** Pin of the header to the line's number in the chip. */
  readonly pins: ReadonlyMap<number, number>;
  /** The line with the number n is called `<prefix>n` on the board's drawings. */
  readonly prefix: string;
}

/**
 * The 40-pin header of every Raspberry Pi since the B+ (Raspberry Pi documentation, "GPIO and the 40-pin header"): GPIOn is
 * line n of the chip. Pins 27 and 28 belong to the memory of a HAT. The chip is the BCM2835's own up to the Pi 3 and the
 * Zero 2, then the BCM2711's, and RP1's on the Pi 5.
 */
const raspberryPi: Board = {
  chips: ['pinctrl-bcm2835', 'pinctrl-bcm2711', 'pinctrl-rp1'],
  prefix: 'GPIO',
  pins: new Map([
    [3, 2],
    [5, 3],
    [7, 4],
    [8, 14],
    [10, 15],
    [11, 17],
    [12, 18],
    [13, 27],
    [15, 22],
    [16, 23],
    [18, 24],
    [19, 10],
    [21, 9],
    [22, 25],
    [23, 11],
    [24, 8],
    [26, 7],
    [29, 5],
    [31, 6],
    [32, 12],
    [33, 13],
    [35, 19],
    [36, 16],
    [37, 26],
    [38, 20],
    [40, 21],
  ]),
};

/** Boards that are known, the site's own first. */
export function boardsWith(own: OwnBoard | undefined): readonly Board[] {
  if (own === undefined) return [raspberryPi];
  const pins = new Map(Object.entries(own.pins).map(([pin, offset]) => [Number(pin), offset]));
  return [{ chips: [own.chip], prefix: 'GPIO', pins }, raspberryPi];
}
