import type { Board } from './boards.ts';
import type { LinePlace } from './options.ts';
import type { ChipLine, GpioChip } from './way.ts';

/** Where a line of the configuration is on this machine, or a sentence that says why it is nowhere. */
export type FoundLine =
  | { readonly is: 'found'; readonly at: ChipLine }
  | { readonly is: 'missing'; readonly why: string };

/** The place as a person writes it. */
export function placeOf(place: LinePlace): string {
  return 'pin' in place ? `pin ${place.pin}` : place.line;
}

/**
 * Looks a place up. A pin needs a board whose chip is there. A name is looked up on the board first, because older
 * kernels call the lines of a header by what else they can do (`TXD1` for GPIO14), then among the kernel's names.
 */
export function findLine(place: LinePlace, chips: readonly GpioChip[], boards: readonly Board[]): FoundLine {
  if (chips.length === 0) return missing('the kernel has no GPIO chip that the gateway can see');
  const present = boards.flatMap((board) =>
    chips.filter(({ label }) => board.chips.includes(label)).map((chip) => ({ board, chip })),
  );
  if ('line' in place) return findName(place.line, chips, present);
  const [first, second] = present;
  if (first === undefined) {
    const labels = chips.map(({ label }) => label).join(', ');
    return missing(`no board with a known header; describe it in gpio.board (chips of this machine: ${labels})`);
  }
  if (second?.board === first.board) return missing(`two chips are called ${first.chip.label}; use the name of a line`);
  const offset = first.board.pins.get(place.pin);
  return offset === undefined ? missing(`pin ${place.pin} of the header is no GPIO line`) : on(first.chip, offset);
}

function findName(
  name: string,
  chips: readonly GpioChip[],
  present: readonly { readonly board: Board; readonly chip: GpioChip }[],
): FoundLine {
  for (const { board, chip } of present) {
    const number = name.startsWith(board.prefix) ? name.slice(board.prefix.length) : '';
    if (/^(?:0|[1-9]\d{0,2})$/.test(number) && Number(number) < chip.lines) return on(chip, Number(number));
  }
  const named = chips.flatMap((chip) => (chip.names.get(name) ?? []).map((offset) => ({ chip, offset })));
  const [at] = named;
  if (at === undefined) return missing(`no line is called ${name}`);
  return named.length > 1 ? missing(`${named.length} lines are called ${name}`) : on(at.chip, at.offset);
}

function on(chip: GpioChip, offset: number): FoundLine {
  if (offset < chip.lines) return { is: 'found', at: { chip, offset } };
  return missing(`the chip ${chip.label} has only ${chip.lines} lines`);
}

function missing(why: string): FoundLine {
  return { is: 'missing', why };
}
