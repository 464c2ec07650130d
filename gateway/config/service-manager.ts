/** What systemd says to a service that it starts with `Type=notify` and `WatchdogSec=` (sd_notify(3), sd_watchdog_enabled(3)). */
export interface ServiceManager {
  /** Path of its datagram socket, or an abstract name that begins with `@`. */
  readonly socket: string;
  /** It ends the service when nothing was said for so long. */
  readonly watchdogMs: number | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Undefined when no service manager listens. A watchdog that is meant for another process is none of ours. */
export function serviceManager(env: Environment = process.env, pid = process.pid): ServiceManager | undefined {
  const socket = env['NOTIFY_SOCKET'];
  if (socket === undefined || socket === '') return undefined;
  const micros = Number(env['WATCHDOG_USEC']);
  const ours = env['WATCHDOG_PID'] === undefined || Number(env['WATCHDOG_PID']) === pid;
  return { socket, watchdogMs: ours && micros > 0 ? micros / 1_000 : undefined };
}
