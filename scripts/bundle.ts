import { createHash } from 'node:crypto';
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { rolldown, type Plugin } from 'rolldown';

/** Programs and threads of the gateway itself: each becomes a few files. */
const programs = [
  'gateway/cli.js',
  'gateway/passport-process.js',
  'gateway/cli/contract-process.js',
  'gateway/hosting/admission-process.js',
  'gateway/hosting/install-process.js',
  'gateway/buffer/writer.js',
  'gateway/history/follower.js',
];
/** Where everything else begins, which stays as the compiler wrote it: it shares modules with plugins, or has walls of its own. */
const asCompiled = [
  'contracts/**/*.js',
  'plugins/**/*.js',
  'gateway/cells/nursery-process.js',
  'gateway/cells/host/cell-host.js',
  'gateway/preprocess/decode-worker.js',
  'gateway/flows/{runtime,palette}/*.js',
];
/** Packages that find files by their own place: binaries, threads, WebAssembly. */
const apart = ['@platformatic/kafka', 'better-sqlite3', 'node-red', 'onoff', 'oxc-parser', 'piscina', 'serialport'];
/** Packages that are named but hardly run: fastify's for JSON Schema and for tests, a copy of Node's streams. Bundled, their text would be in memory. */
const unused = [
  '@fastify/ajv-compiler',
  '@fastify/fast-json-stringify-compiler',
  'light-my-request',
  'readable-stream',
];
/** Those that do so for threads which the gateway never starts, or only speak of it. */
const exempt = ['commander', 'pino', 'qlobber', 'thread-stream', 'undici'];

/**
 * Lays the compiled gateway out in `dist`: a start reads some dozens of files instead of a thousand (decision 0209). Fails
 * where a package would not find its own files any more. Lines and names stay: what ends by an error prints its line into
 * the journal, and its trace is to be read.
 */
export async function bundle(compiled: string, dist: string): Promise<void> {
  await using bundler = await rolldown({
    input: Object.fromEntries(programs.map((file) => [file.slice(0, -'.js'.length), join(compiled, file)])),
    cwd: compiled,
    platform: 'node',
    external: [...apart, ...unused],
    plugins: [ownPlaces(compiled)],
    onLog: (level, { message }) => {
      if (level === 'warn') throw new Error(message);
    },
  });
  const { output } = await bundler.write({
    dir: dist,
    comments: false,
    charset: 'ascii',
    chunkFileNames: 'gateway/chunks/[name].js',
  });
  // One character beyond Latin-1 doubles what V8 keeps of the whole text, and those in raw text cannot be escaped.
  const wide = output.find((chunk) => chunk.type === 'chunk' && /[\u0100-\uffff]/.test(chunk.code));
  if (wide) throw new Error(`${wide.fileName} has a character beyond Latin-1 in raw text: spell it out.`);
  for (const file of reachedFrom(asCompiled, compiled)) {
    // A program that one of them names is in place already.
    cpSync(join(compiled, file), join(dist, file), { force: false });
  }
  writeSumsOfChecker(compiled, dist);
}

/** A module still knows where it lay in the tree: beside its data, and beside the programs that it starts. */
function ownPlaces(compiled: string): Plugin {
  return {
    name: 'own-places',
    transform(code, id) {
      const file = relative(compiled, id);
      if (id.startsWith('\0')) return code;
      if (file.startsWith('..')) return withoutOwnPlace(code, id);
      const filename = `(distFolder + ${JSON.stringify(`/${file}`)})`;
      const folder = `(distFolder + ${JSON.stringify(`/${dirname(file)}`)})`;
      return code
        .replaceAll('import.meta.dirname', folder)
        .replaceAll('import.meta.filename', filename)
        .replaceAll('import.meta.url', `process.getBuiltinModule('node:url').pathToFileURL${filename}.href`)
        .replaceAll(/\bimport\.meta\b(?!\.)/g, `{ dirname: ${folder}, filename: ${filename} }`);
    },
    renderChunk(code, { fileName }) {
      if (!code.includes('distFolder')) return code;
      const up = JSON.stringify(relative(dirname(fileName), '.'));
      const line = `const distFolder = process.getBuiltinModule('node:path').join(import.meta.dirname, ${up});\n`;
      return code.startsWith('#!') ? code.replace('\n', `\n${line}`) : line + code;
    },
  };
}

/** Of a package. */
function withoutOwnPlace(code: string, id: string): string {
  const asks = /\b__(?:dir|file)name\b|import\.meta\.(?:url|dirname|filename)/.exec(code)?.[0];
  if (asks === undefined || exempt.some((name) => id.includes(`/node_modules/${name}/`))) return code;
  throw new Error(`${id} asks for its own place (${asks}): its package belongs to those that stay apart.`);
}

/** Those files and all that they import, as paths in `compiled`. */
function reachedFrom(patterns: readonly string[], compiled: string): ReadonlySet<string> {
  const reached = new Set<string>();
  const reach = (file: string): void => {
    if (reached.has(file) || !existsSync(file)) return;
    reached.add(file);
    for (const [, to = ''] of readFileSync(file, 'utf8').matchAll(/\b(?:from|import)\s*\(?\s*'(\.[^']+\.js)'/g)) {
      reach(resolve(dirname(file), to));
    }
  };
  for (const file of globSync([...patterns], { cwd: compiled })) reach(join(compiled, file));
  return new Set([...reached].map((file) => relative(compiled, file)));
}

/** A decision about a plugin depends on the checker, whose folder is hashed: these sums stand there for its modules. */
function writeSumsOfChecker(compiled: string, dist: string): void {
  const [from, to] = [join(compiled, 'gateway/admission'), join(dist, 'gateway/admission')];
  const lines = globSync('**/*.js', { cwd: from })
    .toSorted()
    .map(
      (file) =>
        `${createHash('sha256')
          .update(readFileSync(join(from, file)))
          .digest('hex')}  ${file}\n`,
    );
  mkdirSync(to, { recursive: true });
  writeFileSync(join(to, 'SHA256SUMS'), lines.join(''));
}
