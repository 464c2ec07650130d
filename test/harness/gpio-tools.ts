import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';

/** A Raspberry Pi's chip of 58 lines that only the tools of libgpiod know of. They are programs in `bin`, for PATH. */
export interface GpioTools {
  readonly bin: string;
  /** What is wired to a line changes; whoever watches it hears of it. */
  wire(line: number, level: 0 | 1): void;
  /** What is on a line. */
  level(line: number): 0 | 1;
  /** The tool that holds the line, as in `gpioinfo`. */
  holder(line: number): string | undefined;
  /** Every level that the line was driven to, in order. */
  driven(line: number): readonly number[];
  /** How the tools were called. */
  readonly calls: readonly string[];
  /** Ends whoever holds the line with an error. */
  fail(line: number): void;
}

interface Line {
  level: 0 | 1;
  holder?: { readonly tool: string; readonly socket: Socket } | undefined;
  readonly driven: number[];
}

const tool = join(import.meta.dirname, 'gpio-tool.mjs');
const names = ['gpiodetect', 'gpioinfo', 'gpioget', 'gpiomon', 'gpioset'];
const infos = `gpiochip0 - 58 lines:
	line   0:	"ID_SDA"        	input
	line  42:	"STATUS_LED"    	output
	line  43:	unnamed         	input
`;

/** Offers the chip, and ends its tools with the test. */
export async function gpioTools(t: TestContext, version = '2.2.1'): Promise<GpioTools> {
  const bin = mkdtempSync(join(tmpdir(), 'portcullis-gpio-'));
  const path = join(bin, 'chip.sock');
  const lines = new Map<number, Line>();
  const calls: string[] = [];
  const at = (number: number): Line => {
    const line = lines.get(number) ?? { level: 0, driven: [] };
    lines.set(number, line);
    return line;
  };
  const serve = (socket: Socket, name: string, args: readonly string[]): void => {
    calls.push([name, ...args].join(' '));
    const say = (what: object): void => void socket.write(`${JSON.stringify(what)}\n`);
    if (args.includes('--version')) return say({ out: `${name} (libgpiod) v${version}\n`, exit: 0 });
    if (name === 'gpiodetect') return say({ out: 'gpiochip0 [pinctrl-bcm2711] (58 lines)\n', exit: 0 });
    if (name === 'gpioinfo') return say({ out: infos, exit: 0 });
    const [number = '', value] = (args.at(-1) ?? '').split('=');
    const line = at(Number(number));
    if (line.holder !== undefined) {
      return say({ err: `${name}: unable to request lines on chip 'gpiochip0': Device or resource busy\n`, exit: 1 });
    }
    if (name === 'gpioget') return say({ out: `${line.level}\n`, exit: 0 });
    if (name === 'gpioset') line.driven.push((line.level = value === '1' ? 1 : 0));
    if (args.includes('--toggle')) return say({ exit: 0 });
    line.holder = { tool: name, socket };
    socket.on('close', () => (line.holder = undefined));
    say({ out: `${name === 'gpioset' ? 'Setting' : 'Monitoring'} line '${number}'...\n` });
  };
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    createInterface(socket).on('line', (row) => {
      const asked = JSON.parse(row) as { tool: string; args: string[] };
      serve(socket, asked.tool, asked.args);
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  for (const name of names) {
    writeFileSync(join(bin, name), `#!/bin/sh\nexec ${process.execPath} ${tool} ${path} ${name} "$@"\n`);
    chmodSync(join(bin, name), 0o755);
  }
  t.after(() => {
    for (const { holder } of lines.values()) holder?.socket.destroy();
    server.close();
    rmSync(bin, { recursive: true, force: true });
  });
  return {
    bin,
    calls,
    wire(number, level) {
      const line = at(number);
      if (line.level === level) return;
      line.level = level;
      line.holder?.socket.write(`${JSON.stringify({ out: level === 1 ? 'rising\n' : 'falling\n' })}\n`);
    },
    level: (number) => at(number).level,
    holder: (number) => at(number).holder?.tool,
    driven: (number) => at(number).driven,
    fail(number) {
      at(number).holder?.socket.write(`${JSON.stringify({ err: 'the chip is gone\n', exit: 1 })}\n`);
    },
  };
}
