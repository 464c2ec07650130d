import { readFileSync } from 'node:fs';

/** The gateway's version; the build puts package.json beside the compiled folders, where it stands in development. */
export const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};
