import { readFileSync } from 'node:fs';

interface ReleaseFacts {
  readonly version: string;
  /** A day like 2027-05-23; only in what `cross-build` makes. */
  readonly supportedUntil?: string;
}

/** What is known of the release; the build puts package.json beside the compiled folders, where it stands in development. */
export const release = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as ReleaseFacts;
export const { version } = release;
