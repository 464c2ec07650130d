// Builds the console's page from gateway/console/src into gateway/console/built, packed with gzip and brotli, so that a
// gateway on a small board only sends files. Costs one hash when nothing changed. Runs under Node 24.
import { createHash } from 'node:crypto';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const root = join(import.meta.dirname, '..');
const source = join(root, 'gateway/console/src');
const target = join(root, 'gateway/console/built');
const stampFile = join(target, '.stamp');

function sourcesHash() {
  const hash = createHash('sha256');
  const inputs = ['scripts/build-console.mjs', 'package-lock.json', 'gateway/console/src/**', 'contracts/*.ts'];
  const files = globSync(inputs, { cwd: root, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const file of files.map(({ parentPath, name }) => join(parentPath, name)).sort()) {
    hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
}

function stampOf() {
  try {
    return readFileSync(stampFile, 'utf8');
  } catch {
    return undefined;
  }
}

function pack(file) {
  const body = readFileSync(file);
  writeFileSync(`${file}.gz`, gzipSync(body, { level: 9 }));
  const quality = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  writeFileSync(`${file}.br`, brotliCompressSync(body, { params: quality }));
}

// First of all. Only the first picture waits for it, which would be home where another page was asked for.
const early = {
  tag: 'script',
  attrs: { src: '/early.js', async: true, fetchpriority: 'high', blocking: 'render' },
  injectTo: 'head-prepend',
};

const stamp = sourcesHash();
if (stampOf() !== stamp) {
  const { build } = await import('vite');
  await build({
    root: source,
    configFile: false,
    logLevel: 'warn',
    plugins: [{ name: 'early', transformIndexHtml: () => [early] }],
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      outDir: target,
      emptyOutDir: true,
      target: 'es2022',
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      license: { fileName: 'licenses.md' },
      reportCompressedSize: false,
    },
  });
  // It shares nothing with the page's code: a chunk of both would be one more journey.
  await build({
    root: source,
    configFile: false,
    logLevel: 'warn',
    build: {
      outDir: target,
      emptyOutDir: false,
      target: 'es2022',
      lib: { entry: 'early.ts', formats: ['iife'], name: 'early', fileName: () => 'early.js' },
    },
  });
  // Home as the gateway draws it into the document, with what that needs; it asks and fetches nothing, so the other pages stay out.
  await build({
    root: source,
    configFile: false,
    logLevel: 'warn',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    ssr: { noExternal: true },
    build: {
      ssr: 'picture.tsx',
      outDir: target,
      emptyOutDir: false,
      assetsInlineLimit: 0,
      license: { fileName: 'licenses-of-picture.md' },
      rollupOptions: { external: /\/pages\.tsx$/, output: { entryFileNames: 'picture.mjs' } },
    },
  });
  const files = globSync('**/*.{html,js,css,svg,md,webmanifest}', { cwd: target });
  for (const file of files) pack(join(target, file));
  writeFileSync(stampFile, stamp);
}
