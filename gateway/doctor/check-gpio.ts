import { PortcullisError } from '../../contracts/errors.ts';
import type { Config } from '../config/schema.ts';
import { gpioOptions } from '../stage-options.ts';
import { boardsWith } from '../transports/gpio/boards.ts';
import { chooseWay } from '../transports/gpio/choose-way.ts';
import { findLine, placeOf } from '../transports/gpio/find-line.ts';
import type { GpioWay } from '../transports/gpio/way.ts';
import { ok, warn, type Finding } from './finding.ts';

/** Where each GPIO line of the configuration is on this machine. It opens none: a running gateway holds them. */
export async function checkGpio(config: Config, given?: GpioWay): Promise<Finding[]> {
  const options = gpioOptions(config);
  if (options.lines.length === 0) return [];
  try {
    const way = given ?? (await chooseWay(options));
    const chips = await way.chips();
    const boards = boardsWith(options.board);
    return options.lines.map(({ name, place }) => {
      const found = findLine(place, chips, boards);
      if (found.is === 'found') {
        const { chip, offset } = found.at;
        return ok('gpio', `gpio.lines.${name}: ${placeOf(place)} is line ${offset} of ${chip.label}, by ${way.is}`);
      }
      const mend = `Correct gpio.lines.${name}; docs/gpio.md says how lines are named.`;
      return warn('gpio', `gpio.lines.${name}: ${placeOf(place)} is not there: ${found.why}`, mend);
    });
  } catch (error) {
    if (!(error instanceof PortcullisError)) throw error;
    return [warn('gpio', error.message, 'Install what is missing; docs/gpio.md tells the two interfaces apart.')];
  }
}
