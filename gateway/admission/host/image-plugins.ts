import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Where an image of the gateway keeps its plugins, from the root of the image. */
const places = [
  'usr/lib/portcullis/app/plugins',
  'app/plugins',
  'app/dist/plugins',
  'opt/portcullis/plugins',
  'usr/lib/portcullis/plugins',
];

/** The plugin folders inside an unpacked image, in the order of their names; none when it has no known place. */
export async function imagePlugins(root: string): Promise<readonly string[]> {
  for (const place of places) {
    const folder = join(root, place);
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
    if (!entries) continue;
    const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
    return folders.map(({ name }) => join(folder, name)).sort();
  }
  return [];
}
