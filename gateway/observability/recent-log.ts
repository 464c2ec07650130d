const maxLines = 1_000;
const maxChars = 256 * 1024;
/** Of one line; what is longer is not worth the others that it would push out. */
const maxLineChars = 4 * 1024;

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LogLine {
  /** Wall time in milliseconds. */
  readonly at: number;
  readonly level: LogLevel;
  readonly text: string;
  /** The other fields of the entry, as JSON; empty without any. */
  readonly detail: string;
}

/** The newest lines of the log, in memory; kept as they were printed, with secrets already taken out. */
export class RecentLog {
  readonly #lines: string[] = [];
  #chars = 0;

  /** One entry as JSON. */
  add(line: string): void {
    const kept = line.length <= maxLineChars ? line : cutOff(line);
    this.#lines.push(kept);
    this.#chars += kept.length;
    while (this.#lines.length > maxLines || this.#chars > maxChars) this.#chars -= this.#lines.shift()?.length ?? 0;
  }

  /** The newest first, of this level and above. */
  lines(least: LogLevel, limit: number): LogLine[] {
    const from = 10 * (logLevels.indexOf(least) + 1);
    const found: LogLine[] = [];
    for (let at = this.#lines.length - 1; at >= 0 && found.length < limit; at--) {
      const {
        level,
        time,
        msg = '',
        pid: _pid,
        hostname: _host,
        ...rest
      } = JSON.parse(this.#lines[at] ?? '{}') as Entry;
      if (level < from) continue;
      const detail = Object.keys(rest).length === 0 ? '' : JSON.stringify(rest);
      found.push({ at: time, level: logLevels[level / 10 - 1] ?? 'info', text: msg, detail });
    }
    return found;
  }
}

interface Entry {
  readonly level: number;
  readonly time: number;
  readonly msg?: string;
  readonly [field: string]: unknown;
}

function cutOff(line: string): string {
  const { level, time, msg = '' } = JSON.parse(line) as Entry;
  return JSON.stringify({ level, time, msg: `${msg.slice(0, maxLineChars / 4)} … (cut off)` });
}
