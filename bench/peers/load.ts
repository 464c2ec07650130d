import { setTimeout as sleep } from 'node:timers/promises';
import { runLoad, type Load, type LoadOptions } from '../child.ts';
import { treeCpuSeconds, treeMemory, treeWritten, type Memory } from '../process-stats.ts';
import type { Contender } from './contender.ts';

/** One window of load on a contender whose far side is away. */
export interface Window extends Load, Memory {
  readonly cpuMicros: number;
  /** Bytes sent towards the disk for each acknowledged message. */
  readonly bytes: number;
  /** Of the acknowledged messages, those that a store behind the broker took meanwhile; undefined without such a store. */
  readonly stored: number | undefined;
}

/** Brings up a contender that has met its far side once, and has lost it. */
export async function startCutOff(
  { start, far }: Contender,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  await start(env);
  await far.appear();
  await sleep(1_000);
  await far.vanish();
}

interface Counters {
  readonly cpu: number;
  readonly written: number;
  readonly stored: number;
}

export async function measureWindow(
  contender: Contender,
  load: Pick<LoadOptions, 'inflight' | 'rate' | 'seconds' | 'warmup'>,
): Promise<Window> {
  let before: Counters | undefined;
  let after: Counters | undefined;
  let memory: Memory | undefined;
  const result = await runLoad({
    ...load,
    port: contender.port,
    onMeasuring: () => (before = countersOf(contender)),
    onMeasured: () => {
      after = countersOf(contender);
      memory = memoryOf(contender);
    },
  });
  if (before === undefined || after === undefined || memory === undefined)
    throw new Error('the load generator did not say when it measured');
  const { acknowledged } = result;
  return {
    ...result,
    ...memory,
    cpuMicros: ((after.cpu - before.cpu) * 1e6) / acknowledged,
    bytes: (after.written - before.written) / acknowledged,
    stored: contender.stored === undefined ? undefined : (after.stored - before.stored) / acknowledged,
  };
}

function countersOf({ pids, stored }: Contender): Counters {
  const sum = (read: (pid: number) => number): number => pids().reduce((all, pid) => all + read(pid), 0);
  return { cpu: sum(treeCpuSeconds), written: sum(treeWritten), stored: stored?.() ?? 0 };
}

function memoryOf({ pids }: Contender): Memory {
  const each = pids().map(treeMemory);
  return {
    residentMb: each.reduce((sum, { residentMb }) => sum + residentMb, 0),
    anonymousMb: each.reduce((sum, { anonymousMb }) => sum + anonymousMb, 0),
  };
}
