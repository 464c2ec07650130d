import { Command } from 'commander';

const marks = { ok: '✓', warn: '!', fail: '✗' } as const;

/** `portcullis doctor`: what is wrong with this machine and configuration, and how to mend it. Exit 1 on a failure. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'Say what is wrong with configuration, ports, permissions, disk, clock and native modules, and how to mend it.',
    )
    .option('--config <file>', 'configuration file (YAML)')
    .option('--json', 'print the findings as JSON')
    .action(async ({ config, json }: { config?: string; json?: boolean }) => {
      const { examine } = await import('../doctor/examine.ts');
      const findings = await examine(config, Date.now());
      if (json) console.log(JSON.stringify({ findings }, null, 2));
      for (const { check, state, says, mend } of json ? [] : findings) {
        console.log(`${marks[state]} ${check}: ${says}`);
        if (mend !== undefined) console.log(`    → ${mend}`);
      }
      process.exitCode = findings.some(({ state }) => state === 'fail') ? 1 : 0;
    });
}
