import { removeWebGlobals } from '../../lib/web-globals.ts';

/**
 * Takes away what load hooks do not see (measured on Node 22 to 26: `process.getBuiltinModule` and `process.binding`
 * pass by them, `process.kill` needs no permission, `process._debugProcess` opens the parent's inspector). The plugin
 * sees a `process` of four facts; the network globals are gone. Depth against careless code: hostile code is held by
 * the limits of the process and by what the operating system denies.
 */
export function closeEscapes(): void {
  const real = process;
  for (const name of escapes) Reflect.deleteProperty(real, name);
  for (const name of ['env', 'argv', 'execArgv', 'report'] as const) {
    Object.defineProperty(real, name, { value: Object.freeze({}), configurable: false });
  }
  const facts = { platform: real.platform, arch: real.arch, version: real.version, env: Object.freeze({}) };
  Object.defineProperty(globalThis, 'process', { value: Object.freeze(facts), configurable: false, writable: false });
  removeWebGlobals();
  Reflect.deleteProperty(globalThis, 'WebAssembly');
}

const escapes = [
  'kill',
  '_kill',
  'abort',
  'binding',
  '_linkedBinding',
  'dlopen',
  'getBuiltinModule',
  '_debugProcess',
  '_debugEnd',
  '_startProfilerIdleNotifier',
  '_stopProfilerIdleNotifier',
  '_getActiveHandles',
  '_getActiveRequests',
  'mainModule',
  'chdir',
  'umask',
  'setuid',
  'setgid',
  'seteuid',
  'setegid',
  'setgroups',
  'initgroups',
  'loadEnvFile',
  'execve',
  'permission',
];
