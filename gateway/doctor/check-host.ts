import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fail, ok, warn, type Finding } from './finding.ts';

const run = promisify(execFile);
const oldestNode = [24, 12] as const;
/** No gateway of this version can have been built before; a clock that says so is wrong. */
const builtAfterMs = Date.UTC(2026, 10, 1);
const smallestMemory = 400 * 1024 * 1024;

export function checkNode(version = process.versions.node): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const enough = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
  if (enough) return ok('node', `Node ${version}`);
  const wanted = oldestNode.join('.');
  return fail(
    'node',
    `Node ${version} is too old`,
    `Start through "npm run portcullis", which brings Node ${wanted} or newer.`,
  );
}

export function checkMemory(bytes = totalmem()): Finding {
  const megabytes = Math.round(bytes / 1024 / 1024);
  if (bytes >= smallestMemory) return ok('memory', `${megabytes} MB`);
  return warn('memory', `only ${megabytes} MB`, 'Use a board with at least 512 MB, and set preprocess.threads to 1.');
}

/** Order and expiry never use wall time, but timestamps, TLS and cloud signatures do. */
export async function checkClock(nowMs: number): Promise<Finding> {
  const shown = new Date(nowMs).toISOString();
  if (nowMs < builtAfterMs) {
    return fail(
      'clock',
      `says ${shown}, which is before this version was made`,
      'Set the clock: "timedatectl set-ntp true", or connect a network or a clock module.',
    );
  }
  const synchronised = await access('/run/systemd/timesync/synchronized').then(
    () => true,
    () => false,
  );
  if (synchronised) return ok('clock', `${shown}, synchronised`);
  return warn(
    'clock',
    `${shown}, not known to be synchronised`,
    'Run "timedatectl"; messages carry clk "gateway" meanwhile.',
  );
}

/** Name, a program that uses it for real, and what stops working without it. */
const nativeModules = [
  [
    'better-sqlite3',
    "const D=require('better-sqlite3');console.log(new D(':memory:').prepare('select sqlite_version() v').get().v)",
    true,
  ],
  [
    'serialport',
    "const{SerialPort}=require('serialport');console.log(typeof SerialPort.list==='function'?'loads':'is odd')",
    false,
  ],
  ['epoll', "const{Epoll}=require('epoll');new Epoll(()=>{}).close();console.log('loads')", false],
] as const;

/** Loads each native module in a process of its own, so that one that crashes is a finding. */
export function checkNativeModules(): Promise<Finding[]> {
  return Promise.all(
    nativeModules.map(async ([name, program, needed]) => {
      const mend = `Run "rm -r node_modules/.portcullis-setup && npm run portcullis -- doctor" to install again${needed ? '' : '; only serial or GPIO devices need it'}.`;
      try {
        const cwd = join(import.meta.dirname, '..');
        const { stdout } = await run(process.execPath, ['-e', program], { cwd, timeout: 20_000 });
        return ok('native module', `${name}: ${stdout.trim()}`);
      } catch {
        const says = `${name} does not load on ${process.arch} with Node ${process.versions.node}`;
        return needed ? fail('native module', says, mend) : warn('native module', says, mend);
      }
    }),
  );
}
