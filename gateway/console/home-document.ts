import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ConsoleAsset } from './console-assets.ts';

/** What `scripts/build-console.mjs` makes of `src/picture.tsx`. */
interface Built {
  readonly pathOfSession: string;
  readonly pathsOfHome: readonly string[];
  readonly draw: (answers: ReadonlyMap<string, unknown>) => string;
}

/** Between these marks the document says what it says until its code has come. */
const place = /<!--home-->.*<!--\/home-->/s;

/** The page's assets, its document at `/` with a picture of home; without one where the page was not built. */
export function withPicture(assets: readonly ConsoleAsset[], folder = join(import.meta.dirname, 'built')) {
  const file = join(folder, 'picture.mjs');
  if (!existsSync(file)) return assets;
  let loading: Promise<Built> | undefined;
  const load = (): Promise<Built> => (loading ??= import(pathToFileURL(file).href) as Promise<Built>);
  return assets.map((asset) => (asset.path === '/' ? { ...asset, picture: () => pictureIn(asset, load) } : asset));
}

async function pictureIn({ body }: ConsoleAsset, load: () => Promise<Built>): Promise<Built> {
  const { draw, ...paths } = await load();
  const document = body.toString('utf8');
  return { ...paths, draw: (answers) => document.replace(place, () => draw(answers)) };
}
