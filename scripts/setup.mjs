// Makes a fresh clone ready: installs the exact dependencies (Node 24 among them) without running their install
// scripts, then compiles the one native module that has no prebuilt binary. Runs under the machine's own, older Node,
// before every npm script; when nothing changed it costs two hashes. Then the console's page is built, where it changed.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensurePrograms } from './debian-packages.mjs';
import { leaveEnglish } from './one-language.mjs';

const root = join(import.meta.dirname, '..');
const stampFile = join(root, 'node_modules', '.portcullis-setup');
const nodePackage = `node-linux-${process.arch}`;

function fail(sentence) {
  console.error(`portcullis setup: ${sentence}`);
  process.exit(69);
}

function run(command, args, env = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (result.error) return { ok: false, said: result.error.message };
  const said = `${result.stderr}\n${result.stdout}`.trim().split('\n').slice(0, 12).join('\n');
  return { ok: result.status === 0, said };
}

function install() {
  console.error('portcullis setup: installing dependencies, Node 24 among them (once, about a minute)…');
  const ci = run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']);
  if (!ci.ok) fail(`npm could not install the dependencies. Is the registry reachable? npm said:\n${ci.said}`);
}

function ensureBuildTools() {
  const tools = { 'g++': 'g++', make: 'make', python3: 'python3' };
  const missing = ensurePrograms(tools, (sentence) => console.error(`portcullis setup: ${sentence}`));
  if (missing !== undefined) {
    const named = missing.programs.join(', ');
    fail(`the build tool ${named} is missing; the GPIO module needs it. Run "sudo ${missing.command}" and try again.`);
  }
}

function buildEpoll() {
  ensureBuildTools();
  console.error('portcullis setup: compiling the GPIO module for Node 24 (once, a few seconds)…');
  const built = run('npm', ['rebuild', 'epoll', '--loglevel=error'], {
    npm_config_nodedir: join(root, 'node_modules', nodePackage),
    PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH}`,
  });
  if (!built.ok) fail(`the GPIO module (epoll) could not be compiled. npm said:\n${built.said}`);
}

/** Under the Node that was installed: this one may be too old for the builder. */
function buildConsole() {
  const built = run(join(root, 'node_modules', '.bin', 'node'), ['scripts/build-console.mjs']);
  if (!built.ok) fail(`the console's page could not be built. The builder said:\n${built.said}`);
}

const stamp = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .update(process.arch)
  .digest('hex');

if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
  fail(`development needs Linux on x64 or arm64; this is ${process.platform} on ${process.arch}.`);
}
if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp) {
  install();
  buildEpoll();
  const version = execFileSync(join(root, 'node_modules', '.bin', 'node'), ['--version'], { encoding: 'utf8' }).trim();
  console.error(`portcullis setup: ready, with Node ${version}.`);
  writeFileSync(stampFile, stamp);
}
leaveEnglish(join(root, 'node_modules'));
buildConsole();
