import { setTimeout as sleep } from 'node:timers/promises';
import { runLoad, startGateway, type Subject } from './child.ts';
import { diskWritten, ranSeconds, treeMemory, wakeUps } from './process-stats.ts';
import type { Report } from './report.ts';

const settleMs = 20_000;

/** What the compiled gateway takes of a board, idle and under steady loads: memory, the card's wear, the processor. */
export async function benchFootprint(seconds: number): Promise<Report> {
  const rows: (string | number)[][] = [];
  await using subject = await startGateway();
  await sleep(settleMs);
  const idle = await whileIdle(subject, seconds);
  rows.push(idle);
  for (const rate of [1, 50, 1000]) rows.push(await underLoad(`${rate} messages/s`, subject, rate, seconds));
  await using lingering = await startGateway({ config: { buffer: { lingerMs: 1000 } } });
  rows.push(await underLoad('50 messages/s, buffer.lingerMs 1000', lingering, 50, seconds));
  const [, anonymous, resident] = idle;
  return {
    title: 'Memory, bytes written and wake-ups',
    conditions: `The compiled gateway, whole process tree, no sink, ${seconds} s per load, 200-byte payloads at QoS 1 (one commit per message while nothing else waits); bytes from /proc/PID/io write_bytes, memory from smaps_rollup, wake-ups of all its threads from their voluntary context switches.`,
    columns: [
      'load',
      'anonymous MB',
      'resident MB',
      'bytes written per message',
      'GB per day at this rate',
      'CPU ms per s',
      'wake-ups per s',
    ],
    rows,
    verdict: [
      `Goal idle: at most 60 MB anonymous, 150 MB resident; measured ${anonymous.toFixed(0)} and ${resident.toFixed(0)}.`,
    ],
  };
}

type Row = [load: string, anonymousMb: number, residentMb: number, ...(string | number)[]];

async function whileIdle({ pid }: Subject, seconds: number): Promise<Row> {
  const before = usageOf(pid);
  await sleep(seconds * 1_000);
  const { anonymousMb, residentMb } = treeMemory(pid);
  const used = since(before, usageOf(pid));
  return ['idle for 20 s', anonymousMb, residentMb, `${used.written} in all`, '–', used.cpuMs, used.woken];
}

async function underLoad(name: string, { pid, port }: Subject, rate: number, seconds: number): Promise<Row> {
  let before = usageOf(pid);
  let after = before;
  let memory = treeMemory(pid);
  const load = await runLoad({
    port,
    clients: Math.min(50, rate),
    rate,
    seconds,
    onMeasuring: () => (before = usageOf(pid)),
    onMeasured: () => {
      after = usageOf(pid);
      memory = treeMemory(pid);
    },
  });
  const used = since(before, after);
  const perMessage = used.written / load.acknowledged;
  const gbPerDay = (perMessage * rate * 86_400) / 1e9;
  return [name, memory.anonymousMb, memory.residentMb, perMessage, gbPerDay, used.cpuMs, used.woken];
}

interface Usage {
  readonly atMs: number;
  readonly written: number;
  readonly ran: number;
  readonly woken: number;
}

const usageOf = (pid: number): Usage => ({
  atMs: performance.now(),
  written: diskWritten(pid),
  ran: ranSeconds(pid),
  woken: wakeUps(pid),
});

/** Bytes in all; milliseconds of CPU and wake-ups per second. */
function since(before: Usage, after: Usage): { written: number; cpuMs: number; woken: number } {
  const seconds = (after.atMs - before.atMs) / 1_000;
  return {
    written: after.written - before.written,
    cpuMs: ((after.ran - before.ran) * 1_000) / seconds,
    woken: (after.woken - before.woken) / seconds,
  };
}
