import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Config } from './config/schema.ts';
import { withoutSecrets } from './config/without-secrets.ts';
import { tarOf, type TarFile } from './lib/tar.ts';
import type { RecentLog } from './observability/recent-log.ts';

const readme = `What this gateway is and how it does, for somebody who was not there. Read it before you send it.

system.json    versions, memory, disk, clock, temperature
doctor.json    what the doctor says of this machine and its configuration
config.json    the configuration, without secrets and without where the house stands
ledger.json    what was accepted and where it is now
alarms.json, sinks.json, plugins.json, hardware.json
metrics.txt    every counter
log.jsonl      the newest lines of the log, newest first

Not in it: passwords, tokens, keys, what devices sent, accounts.
`;

interface Given {
  readonly config: Config;
  readonly nowMs: number;
  readonly log: RecentLog;
  /** Of each part, by the name of its file. */
  readonly parts: Readonly<Record<string, unknown>>;
  readonly metrics: string;
}

/** One `.tar.gz` for a support case. */
export async function supportBundle({ config, nowMs, log, parts, metrics }: Given): Promise<Buffer> {
  // Few gateways are ever asked for one.
  const { examineRunning } = await import('./doctor/examine.ts');
  const findings = await examineRunning(config, nowMs);
  const json = Object.entries({ ...parts, doctor: findings, config: withoutSecrets(config) });
  const files: TarFile[] = [
    { name: 'README.txt', content: readme },
    ...json.map(([name, content]) => ({ name: `${name}.json`, content: JSON.stringify(content, undefined, 2) })),
    { name: 'metrics.txt', content: metrics },
    {
      name: 'log.jsonl',
      content: log
        .lines('trace', 1_000)
        .map((line) => `${JSON.stringify(line)}\n`)
        .join(''),
    },
  ];
  return promisify(gzip)(tarOf(files, nowMs));
}
