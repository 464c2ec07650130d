import { access, readFile, statfs } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';

/** What the machine says of itself; what it does not say is left out. */
export interface MachineState {
  readonly memory: { readonly totalBytes: number; readonly availableBytes: number; readonly processBytes: number };
  readonly disk: { readonly totalBytes: number; readonly freeBytes: number };
  /** What this process has had written to the disk since it started. */
  readonly writtenBytes: number | undefined;
  readonly celsius: number | undefined;
  /** Whether the service manager says that the clock was set from the network; undefined where there is none to ask. */
  readonly isClockSynchronised: boolean | undefined;
}

/** Reads it from `/proc`, `/sys` and the file system of a folder. */
export async function readMachine(dataDir: string): Promise<MachineState> {
  const [memory, io, heat, disk, synchronised, timesync] = await Promise.all([
    textOf('/proc/meminfo'),
    textOf('/proc/self/io'),
    textOf('/sys/class/thermal/thermal_zone0/temp'),
    statfs(dataDir),
    isThere('/run/systemd/timesync/synchronized'),
    isThere('/run/systemd/timesync'),
  ]);
  const available = /^MemAvailable:\s+(\d+) kB/m.exec(memory)?.[1];
  const written = /^write_bytes: (\d+)/m.exec(io)?.[1];
  return {
    memory: {
      totalBytes: totalmem(),
      availableBytes: available === undefined ? freemem() : Number(available) * 1024,
      processBytes: process.memoryUsage.rss(),
    },
    disk: { totalBytes: disk.blocks * disk.bsize, freeBytes: disk.bavail * disk.bsize },
    writtenBytes: written === undefined ? undefined : Number(written),
    celsius: heat === '' ? undefined : Number(heat) / 1000,
    isClockSynchronised: timesync ? synchronised : undefined,
  };
}

/** Empty where this machine has no such file. */
const textOf = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '');

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
