import { execFile, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { PortcullisError } from '../../../contracts/errors.ts';
import type { GpioLevel } from '../../../contracts/handles.ts';
import { parseChips } from './tool-output.ts';
import { driveScript, watchScript } from './tool-scripts.ts';
import type { ChipLine, DrivenLine, GpioWay, LineEvents, WatchedLine } from './way.ts';

/** A tool answers at once, or the machine is in trouble. */
const answerWithinMs = 10_000;
const run = promisify(execFile);

/**
 * GPIO by the character device, through libgpiod 2's tools as child processes: one per line, which holds it. Each ends,
 * and an output is set to its safe level first, when the gateway goes away in whatever manner.
 */
export const toolsWay: GpioWay = {
  is: 'character-device',
  async chips() {
    assertNewEnough(await toolsVersion());
    const [detected, named] = await Promise.all([ask('gpiodetect'), ask('gpioinfo')]);
    return parseChips(detected, named);
  },
  async watch(line, { debounceMs, pull }, { onLevel, onClosed }) {
    const bias = pull === undefined ? '' : pull === 'none' ? 'disabled' : `pull-${pull}`;
    const debounce = debounceMs === 0 ? '' : `${debounceMs}ms`;
    let level: GpioLevel | undefined;
    const hear = (said: string): void => {
      if (said === 'rising' || said === 'falling') onLevel((level = said === 'rising' ? 1 : 0));
      else if (said === '0' || said === '1') level = said === '1' ? 1 : 0;
    };
    const child = holder(watchScript, [line.chip.name, String(line.offset), bias, debounce], { line, hear, onClosed });
    await child.held();
    return {
      get level() {
        return level ?? 0;
      },
      [Symbol.asyncDispose]: child.end,
    } satisfies WatchedLine;
  },
  async drive(line, level, safe, { onClosed }) {
    const script = [line.chip.name, String(line.offset), String(safe ?? '')];
    const child = holder(driveScript, script, { line, hear: () => undefined, onClosed });
    const write = async (wished: GpioLevel): Promise<void> => {
      child.say(String(wished));
      await child.held();
    };
    await write(level);
    return { write, [Symbol.asyncDispose]: child.end } satisfies DrivenLine;
  },
};

/** The version of libgpiod's tools, such as `2.2.1`, or undefined when they are not installed. */
async function toolsVersion(): Promise<string | undefined> {
  const said = await ask('gpiodetect', '--version').catch(() => undefined);
  return /v(\d+(?:\.\d+)*)/.exec(said ?? '')?.[1];
}

function assertNewEnough(version: string | undefined): void {
  if (version !== undefined && Number.parseInt(version, 10) >= 2) return;
  const found = version === undefined ? 'are not installed' : `are version ${version}, and 2 is needed`;
  const mend = 'Install the package gpiod (Debian 13 or newer).';
  throw new PortcullisError('FILE_UNREADABLE', `The character device needs libgpiod's tools, which ${found}. ${mend}`);
}

async function ask(tool: string, ...args: readonly string[]): Promise<string> {
  return (await run(tool, args, { timeout: answerWithinMs, maxBuffer: 1024 * 1024 })).stdout;
}

interface Holder {
  say(word: string): void;
  /** Resolves when the tool says that it has the line, rejects when it ends instead. */
  held(): Promise<void>;
  readonly end: () => Promise<void>;
}

interface Hearer extends Pick<LineEvents, 'onClosed'> {
  readonly line: ChipLine;
  readonly hear: (said: string) => void;
}

/** A child that holds a line as long as its standard input is open. */
function holder(script: string, args: readonly string[], { line, hear, onClosed }: Hearer): Holder {
  const child: ChildProcessWithoutNullStreams = spawn('/bin/sh', ['-c', script, 'portcullis-gpio', ...args]);
  let isOpen = false;
  let ending = false;
  let complaint = '';
  let holding = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  child.stdin.on('error', () => undefined);
  child.stderr.on('data', (text: Buffer) => {
    complaint = `${complaint}${text.toString()}`.slice(-500);
    holding.reject(refusal(line, complaint));
  });
  child.on('error', (error) => {
    holding.reject(refusal(line, error.message));
    ended.resolve();
  });
  createInterface(child.stdout).on('line', (said) => {
    if (/^(?:Monitoring|Setting) line/.test(said)) {
      isOpen = true;
      holding.resolve();
    } else hear(said);
  });
  child.on('exit', () => {
    child.stdin.destroy();
    holding.reject(refusal(line, complaint));
    ended.resolve();
    if (isOpen && !ending) onClosed(complaint.trim() || 'the tool ended');
  });
  holding.promise.catch(() => undefined);
  return {
    say(word) {
      holding = Promise.withResolvers();
      holding.promise.catch(() => undefined);
      child.stdin.write(`${word}\n`);
    },
    async held() {
      const over = new AbortController();
      const late = sleep(answerWithinMs, undefined, { signal: over.signal }).then(() => {
        throw refusal(line, 'the tool does not answer');
      });
      late.catch(() => undefined);
      try {
        await Promise.race([holding.promise, late]);
      } catch (error) {
        // Who had the line open hears of it from the exit.
        await close();
        throw error;
      } finally {
        over.abort();
      }
    },
    async end() {
      ending = true;
      await close();
    },
  };

  async function close(): Promise<void> {
    child.stdin.end();
    const killer = setTimeout(() => child.kill('SIGKILL'), answerWithinMs);
    await ended.promise;
    clearTimeout(killer);
  }
}

function refusal({ chip, offset }: ChipLine, complaint: string): PortcullisError {
  const line = `line ${offset} of ${chip.label}`;
  if (/busy/i.test(complaint)) return new PortcullisError('NOT_ALLOWED', `Another program or driver holds ${line}.`);
  const why = /permission/i.test(complaint)
    ? 'may not be used; add the user of the gateway to the group gpio'
    : `cannot be used: ${complaint.trim() || 'the tool ended'}`;
  return new PortcullisError('FILE_UNREADABLE', `L${line.slice(1)} ${why}.`);
}
