#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { errorTable, PortcullisError } from '../contracts/errors.ts';
import { alarmCommand } from './cli/alarm.ts';
import { accountCommand } from './cli/account.ts';
import { auditCommand } from './cli/audit.ts';
import { bufferCommand } from './cli/buffer.ts';
import { cloudCommand } from './cli/cloud.ts';
import { commandCommand } from './cli/command.ts';
import { contactCommand } from './cli/contact.ts';
import { contractCommand } from './cli/contract.ts';
import { deadLettersCommand } from './cli/dead-letters.ts';
import { deviceCommand } from './cli/device.ts';
import { doctorCommand } from './cli/doctor.ts';
import { firstBootCommand } from './cli/first-boot.ts';
import { flowsCommand } from './cli/flows.ts';
import { groupCommand } from './cli/group.ts';
import { historyCommand } from './cli/history.ts';
import { importCommand } from './cli/import.ts';
import { ledgerCommand } from './cli/ledger.ts';
import { passportCommand } from './cli/passport.ts';
import { placeCommand } from './cli/place.ts';
import { pluginCommand } from './cli/plugin.ts';
import { rulesCommand } from './cli/rules.ts';
import { runCommand } from './cli/run.ts';
import { simulateCommand } from './cli/simulate.ts';
import { auditLogCommand, tokenCommand } from './cli/token.ts';
import { twinCommand } from './cli/twin.ts';
import { updateCommand } from './cli/update.ts';
import { version } from './version.ts';

const program = new Command('portcullis')
  .description(
    'Edge gateway: takes messages from devices, never loses an acknowledged one, and brings them to the cloud.',
  )
  .version(version, '--version', 'print the version')
  .addCommand(runCommand())
  .addCommand(doctorCommand())
  .addCommand(bufferCommand())
  .addCommand(ledgerCommand())
  .addCommand(auditCommand())
  .addCommand(deadLettersCommand())
  .addCommand(deviceCommand())
  .addCommand(importCommand())
  .addCommand(commandCommand())
  .addCommand(twinCommand())
  .addCommand(alarmCommand())
  .addCommand(accountCommand())
  .addCommand(tokenCommand())
  .addCommand(auditLogCommand())
  .addCommand(contactCommand())
  .addCommand(historyCommand())
  .addCommand(rulesCommand())
  .addCommand(flowsCommand())
  .addCommand(placeCommand())
  .addCommand(groupCommand())
  .addCommand(contractCommand())
  .addCommand(pluginCommand())
  .addCommand(passportCommand())
  .addCommand(updateCommand())
  .addCommand(firstBootCommand())
  .addCommand(simulateCommand())
  .addCommand(cloudCommand());

/** A wrong command line is a USAGE error in every command, also in a nested one. */
function throwInsteadOfExit(command: Command): void {
  command.exitOverride().showHelpAfterError('(add --help for what is possible)');
  for (const nested of command.commands) throwInsteadOfExit(nested);
}

try {
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
