import { Status, type Tone } from '../parts/parts.tsx';

interface Line {
  readonly line: string;
  readonly as: string;
  /** `pin 11`, or a name such as `GPIO17`. */
  readonly place: string;
  readonly tone: Tone;
  readonly says: string;
}

/** The 40 pins of a Raspberry Pi since the B+, by number (Raspberry Pi documentation, "GPIO and the 40-pin header"). A number alone is GPIOn. */
const pins: readonly (number | string)[] = [
  '3.3 V', '5 V', 2, '5 V', 3, 'ground', 4, 14, 'ground', 15, 17, 18, 27, 'ground', 22, 23, '3.3 V', 24, 10, 'ground',
  9, 25, 11, 8, 'ground', 7, 'HAT', 'HAT', 5, 'ground', 6, 12, 13, 'ground', 19, 16, 26, 20, 'ground', 21,
]; // prettier-ignore

const nameOf = (pin: number | string): string => (typeof pin === 'number' ? `GPIO${pin}` : pin);
const kindOf = (pin: number | string): string =>
  typeof pin === 'number' ? 'io' : pin === 'ground' ? 'gnd' : pin === 'HAT' ? 'hat' : 'power';

/** The header as it lies before somebody who holds the board with it on the right, pin 1 at the top left; what is wired is named. */
export function GpioHeader({ lines }: { lines: readonly Line[] }) {
  const at = (n: number, name: string): Line | undefined =>
    lines.find(({ place }) => place === `pin ${n}` || place === name);
  return (
    <div class="header-pins" role="list" aria-label="GPIO header">
      {pins.map((pin, index) => {
        const [n, name] = [index + 1, nameOf(pin)];
        const used = at(n, name);
        return (
          <div
            key={n}
            role="listitem"
            class={`pin ${kindOf(pin)} ${used ? 'used' : ''} ${n % 2 === 0 ? 'right' : 'left'}`}
          >
            <span class="pin-name">
              {used ? (
                <>
                  <strong>{used.line}</strong> <Status tone={used.tone}>{used.as}</Status>
                  <span class="hidden">, {used.says}</span>
                </>
              ) : (
                name
              )}
            </span>
            <span class="pin-n">
              <span class="hidden">pin </span>
              {n}
            </span>
          </div>
        );
      })}
    </div>
  );
}
