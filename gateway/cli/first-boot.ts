import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { requireFolder } from './folder.ts';

/** `portcullis first-boot`: what the image's first boot does not do in shell. Runs as root. */
export function firstBootCommand(): Command {
  return new Command('first-boot')
    .description(
      "Take over Raspberry Pi Imager's answers from the boot partition; prints the host name if one was chosen.",
    )
    .argument('<folder>', 'the boot partition, with user-data and network-config')
    .action(takeOver);
}

async function takeOver(folder: string): Promise<void> {
  await requireFolder(folder);
  const [{ readNetworkConfig, readUserData }, { settle, thisBoard }] = await Promise.all([
    import('../first-boot/imager-answers.ts'),
    import('../first-boot/settle.ts'),
  ]);
  const text = (name: string): Promise<string> => readFile(join(folder, name), 'utf8').catch(() => '');
  const { hostname, ...answers } = readUserData(await text('user-data'));
  if (hostname !== undefined) console.log(hostname);
  await settle(thisBoard, { ...answers, wifi: readNetworkConfig(await text('network-config')) });
}
