import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const files = [
  { path: '/', name: 'index.html', contentType: 'text/html; charset=utf-8' },
  { path: '/console.css', name: 'console.css', contentType: 'text/css; charset=utf-8' },
  { path: '/console.js', name: 'console.js', contentType: 'text/javascript; charset=utf-8' },
  { path: '/switch.js', name: 'switch.js', contentType: 'text/javascript; charset=utf-8' },
  { path: '/claim', name: 'claim.html', contentType: 'text/html; charset=utf-8' },
  { path: '/claim.js', name: 'claim.js', contentType: 'text/javascript; charset=utf-8' },
] as const;

/** The page's files, read once; nothing of it comes from another server. */
export function consoleAssets(): Promise<{ path: string; contentType: string; body: string }[]> {
  return Promise.all(
    files.map(async ({ path, name, contentType }) => ({
      path,
      contentType,
      body: await readFile(join(import.meta.dirname, name), 'utf8'),
    })),
  );
}
