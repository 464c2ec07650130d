import type { GpioOptions } from './options.ts';
import { hasSysfs, sysfsWay } from './sysfs-way.ts';
import { toolsWay } from './tools-way.ts';
import type { GpioWay } from './way.ts';

/** Files where the kernel has them, unless a line needs what only the character device can do. */
export async function chooseWay({ interface: wanted, lines }: GpioOptions): Promise<GpioWay> {
  if (wanted === 'sysfs') return sysfsWay;
  if (wanted === 'character-device') return toolsWay;
  if (lines.some((line) => line.as !== 'output' && line.pull !== undefined)) return toolsWay;
  return (await hasSysfs()) ? sysfsWay : toolsWay;
}
