import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Command } from 'commander';
import type { Daemon } from './daemon.ts';

/** A command of the command line, run here for a daemon; resolves with what it printed last. */
export type Say = (command: Command, ...args: string[]) => Promise<string>;

export function commandLine(t: TestContext, { dataDir }: Pick<Daemon, 'dataDir'>): Say {
  const printed = t.mock.method(console, 'log', () => undefined).mock;
  return async (command, ...args) => {
    await command.parseAsync([...args, '--config', join(dataDir, '../portcullis.yaml')], { from: 'user' });
    return String(printed.calls.at(-1)?.arguments[0]);
  };
}
