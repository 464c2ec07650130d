import { readdirSync, readFileSync } from 'node:fs';

const ticksPerSecond = 100;

/** User and system CPU seconds of a process, its threads included (proc(5), fields 14 and 15 of stat). */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/**
 * Seconds for which its threads were ready to run and had no core (schedstat of each, Documentation/scheduler/sched-stats).
 * A thread that ended takes its own with it.
 */
export const waitedSeconds = (pid: number): number => scheduled(pid, 1);

/** Seconds for which its threads ran, by the nanosecond where `cpuSeconds` counts ticks. */
export const ranSeconds = (pid: number): number => scheduled(pid, 0);

function scheduled(pid: number, field: number): number {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[field]);
  }
  return nanoseconds / 1e9;
}

/** How often its threads slept until something woke them (proc(5), status). A thread that ended takes its own with it. */
export function wakeUps(pid: number): number {
  let count = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
    count += Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(status)?.[1] ?? 0);
  }
  return count;
}

/** Bytes that a process caused to be sent towards the disk (proc(5), io). */
export function diskWritten(pid: number): number {
  return Number(/^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1] ?? 0);
}

/** CPU seconds of a process and all of its descendants that live. */
export const treeCpuSeconds = (pid: number): number => sumOf(tree(pid), cpuSeconds);

/** Bytes that a process and all of its descendants that live caused to be sent towards the disk. */
export const treeWritten = (pid: number): number => sumOf(tree(pid), diskWritten);

const sumOf = (pids: readonly number[], read: (pid: number) => number): number =>
  pids.reduce((sum, pid) => sum + read(pid), 0);

export interface Memory {
  readonly residentMb: number;
  readonly anonymousMb: number;
}

/** Memory of a process and all of its descendants, in MB. */
export function treeMemory(pid: number): Memory {
  let residentKb = 0;
  let anonymousKb = 0;
  for (const each of tree(pid)) {
    const rollup = readFileSync(`/proc/${each}/smaps_rollup`, 'utf8');
    residentKb += Number(/^Rss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0);
    anonymousKb += Number(/^Anonymous:\s+(\d+)/m.exec(rollup)?.[1] ?? 0);
  }
  return { residentMb: residentKb / 1024, anonymousMb: anonymousKb / 1024 };
}

function tree(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parentOf(Number(name));
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found = [root];
  for (let i = 0; i < found.length; i++) found.push(...(children.get(found[i] ?? 0) ?? []));
  return found;
}

/** Undefined when the process ended while we looked. */
function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}
