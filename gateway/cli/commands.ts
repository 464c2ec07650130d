import type { Command } from 'commander';

/** Every command by its name, in the order of the help. A start of the gateway loads none but its own. */
export const commands: ReadonlyMap<string, () => Promise<Command>> = new Map(
  Object.entries({
    run: async () => (await import('./run.ts')).runCommand(),
    doctor: async () => (await import('./doctor.ts')).doctorCommand(),
    buffer: async () => (await import('./buffer.ts')).bufferCommand(),
    ledger: async () => (await import('./ledger.ts')).ledgerCommand(),
    audit: async () => (await import('./audit.ts')).auditCommand(),
    'dead-letters': async () => (await import('./dead-letters.ts')).deadLettersCommand(),
    device: async () => (await import('./device.ts')).deviceCommand(),
    import: async () => (await import('./import.ts')).importCommand(),
    command: async () => (await import('./command.ts')).commandCommand(),
    twin: async () => (await import('./twin.ts')).twinCommand(),
    alarm: async () => (await import('./alarm.ts')).alarmCommand(),
    account: async () => (await import('./account.ts')).accountCommand(),
    token: async () => (await import('./token.ts')).tokenCommand(),
    'audit-log': async () => (await import('./token.ts')).auditLogCommand(),
    contact: async () => (await import('./contact.ts')).contactCommand(),
    history: async () => (await import('./history.ts')).historyCommand(),
    rules: async () => (await import('./rules.ts')).rulesCommand(),
    flows: async () => (await import('./flows.ts')).flowsCommand(),
    place: async () => (await import('./place.ts')).placeCommand(),
    group: async () => (await import('./group.ts')).groupCommand(),
    contract: async () => (await import('./contract.ts')).contractCommand(),
    plugin: async () => (await import('./plugin.ts')).pluginCommand(),
    passport: async () => (await import('./passport.ts')).passportCommand(),
    update: async () => (await import('./update.ts')).updateCommand(),
    'first-boot': async () => (await import('./first-boot.ts')).firstBootCommand(),
    simulate: async () => (await import('./simulate.ts')).simulateCommand(),
    cloud: async () => (await import('./cloud.ts')).cloudCommand(),
  }),
);
