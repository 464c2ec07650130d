import { PortcullisError } from '../../contracts/errors.ts';
import type { Config } from '../config/schema.ts';
import { gpioOptions } from '../stage-options.ts';
import { boardsWith } from '../transports/gpio/boards.ts';
import { chooseWay } from '../transports/gpio/choose-way.ts';
import { findLine, placeOf } from '../transports/gpio/find-line.ts';
import type { GpioWay } from '../transports/gpio/way.ts';
import { ok, warn, type Finding } from './finding.ts';

/** Where each GPIO line of the configuration is on this machine, and what it means. It opens none: a running gateway holds them. */
export async function checkGpio(config: Config, given?: GpioWay): Promise<Finding[]> {
  const options = gpioOptions(config);
  const unmatched = compareNames(config);
  if (options.lines.length === 0) return unmatched;
  try {
    const way = given ?? (await chooseWay(options));
    const chips = await way.chips();
    const boards = boardsWith(options.board);
    const places = options.lines.map(({ name, place }) => {
      const found = findLine(place, chips, boards);
      if (found.is === 'found') {
        const { chip, offset } = found.at;
        return ok('gpio', `gpio.lines.${name}: ${placeOf(place)} is line ${offset} of ${chip.label}, by ${way.is}`);
      }
      const mend = `Correct gpio.lines.${name}; docs/gpio.md says how lines are named.`;
      return warn('gpio', `gpio.lines.${name}: ${placeOf(place)} is not there: ${found.why}`, mend);
    });
    return [...places, ...unmatched];
  } catch (error) {
    if (!(error instanceof PortcullisError)) throw error;
    return [warn('gpio', error.message, 'Install what is missing; docs/gpio.md tells the two interfaces apart.')];
  }
}

/** A line is written in two places, for its wires and for its meaning: neither is of use without the other. */
function compareNames({ gpio, plugins }: Config): Finding[] {
  const lines = Object.keys(gpio.lines);
  const meanings = keysOf(memberOf(plugins.config['gpio'], 'lines'));
  const meaningless = lines.filter((name) => !meanings.includes(name));
  const nowhere = meanings.filter((name) => !lines.includes(name));
  return [
    ...meaningless.map((name) =>
      warn(
        'gpio',
        `gpio.lines.${name}: what it means is not said`,
        `Add plugins.config.gpio.lines.${name}, see docs/gpio.md.`,
      ),
    ),
    ...nowhere.map((name) =>
      warn(
        'gpio',
        `plugins.config.gpio.lines.${name}: there is no such line`,
        `Add gpio.lines.${name}, see docs/gpio.md.`,
      ),
    ),
  ];
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function keysOf(value: unknown): readonly string[] {
  return typeof value === 'object' && value !== null ? Object.keys(value) : [];
}
