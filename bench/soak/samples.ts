import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { diskWritten, treeMemory } from '../process-stats.ts';

/** One look at a gateway that runs for long. */
export interface Sample {
  readonly atMs: number;
  readonly anonymousMb: number;
  readonly residentMb: number;
  readonly openFiles: number;
  readonly walMb: number;
  readonly databaseMb: number;
  readonly writtenMb: number;
  readonly buffered: number;
  readonly balanced: boolean;
}

const mega = 1024 * 1024;

/** The ledger is asked by the caller: it costs the gateway something. */
export function look(
  { pid, dataDir }: { readonly pid: number; readonly dataDir: string },
  ledger: { readonly buffered: number; readonly balanced: boolean },
  atMs: number,
): Sample {
  return {
    atMs,
    ...treeMemory(pid),
    openFiles: readdirSync(`/proc/${pid}/fd`).length,
    walMb: sizeOf(dataDir, /-wal$/) / mega,
    databaseMb: sizeOf(dataDir, /\.db$/) / mega,
    writtenMb: diskWritten(pid) / mega,
    ...ledger,
  };
}

function sizeOf(folder: string, name: RegExp): number {
  return readdirSync(folder)
    .filter((file) => name.test(file))
    .reduce((sum, file) => sum + (statSync(join(folder, file), { throwIfNoEntry: false })?.size ?? 0), 0);
}

/** By least squares: how much a series grows in an hour. */
export function perHour(points: readonly (readonly [atMs: number, value: number])[]): number {
  const mean = (of: (point: readonly [number, number]) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean(([at]) => at), mean(([, value]) => value)];
  const over = points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0);
  const under = points.reduce((sum, [at]) => sum + (at - x) ** 2, 0);
  return under === 0 ? 0 : (over / under) * 3_600_000;
}
