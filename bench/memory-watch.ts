import { treeMemory } from './process-stats.ts';

export interface MemorySample {
  readonly atMs: number;
  readonly residentMb: number;
  readonly anonymousMb: number;
}

/** Looks at the memory of a process and its descendants twice a second until `stop`, which returns what it saw. */
export function watchMemory(pid: number): { stop(): readonly MemorySample[] } {
  const startedAt = performance.now();
  const samples: MemorySample[] = [];
  const look = (): void => void samples.push({ atMs: performance.now() - startedAt, ...treeMemory(pid) });
  look();
  const timer = setInterval(look, 500);
  return {
    stop() {
      clearInterval(timer);
      look();
      return samples;
    },
  };
}

/** The highest memory in each of so many equal spans of time. */
export function highest(samples: readonly MemorySample[], spans: number): MemorySample[] {
  const most = samples.at(-1)?.atMs ?? 0;
  return Array.from({ length: spans }, (_, i) => {
    const inside = samples.filter(({ atMs }) => atMs >= (most * i) / spans && atMs <= (most * (i + 1)) / spans);
    const residentMb = Math.max(...inside.map((one) => one.residentMb));
    return inside.find((one) => one.residentMb === residentMb) ?? { atMs: most, residentMb: 0, anonymousMb: 0 };
  });
}
