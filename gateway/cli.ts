#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { errorTable, PortcullisError } from '../contracts/errors.ts';
import { commands } from './cli/commands.ts';
import { version } from './version.ts';

const program = new Command('portcullis')
  .description(
    'Edge gateway: takes messages from devices, never loses an acknowledged one, and brings them to the cloud.',
  )
  .version(version, '--version', 'print the version');

/** A wrong command line is a USAGE error in every command, also in a nested one. */
function throwInsteadOfExit(command: Command): void {
  command.exitOverride().showHelpAfterError('(add --help for what is possible)');
  for (const nested of command.commands) throwInsteadOfExit(nested);
}

/** Whoever read what is printed has enough of it, such as `head`: the end of a program, and no fault. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

try {
  // All of them only where the help may name them.
  const named = commands.get(process.argv[2] ?? '');
  for (const make of named ? [named] : commands.values()) program.addCommand(await make());
  throwInsteadOfExit(program);
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : errorTable.USAGE.exit);
  if (error instanceof PortcullisError) {
    console.error(`portcullis: ${error.message}`);
    process.exit(error.exitCode);
  }
  console.error('portcullis: a fault of its own. Please report it with the lines below.');
  console.error(error);
  process.exit(errorTable.INTERNAL.exit);
}
