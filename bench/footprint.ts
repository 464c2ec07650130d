import { setTimeout as sleep } from 'node:timers/promises';
import { runLoad, startGateway, type Subject } from './child.ts';
import { diskWritten, treeMemory } from './process-stats.ts';
import type { Report } from './report.ts';

const settleMs = 20_000;

/** Memory of the compiled gateway and bytes written per message, idle and under steady loads. */
export async function benchFootprint(seconds: number): Promise<Report> {
  const rows: (string | number)[][] = [];
  await using subject = await startGateway();
  await sleep(settleMs);
  const idle = treeMemory(subject.pid);
  rows.push(['idle for 20 s', idle.anonymousMb, idle.residentMb, '–', '–']);
  for (const rate of [1, 50, 1000]) rows.push(await underLoad(`${rate} messages/s`, subject, rate, seconds));
  await using lingering = await startGateway({ config: { buffer: { lingerMs: 1000 } } });
  rows.push(await underLoad('50 messages/s, buffer.lingerMs 1000', lingering, 50, seconds));
  return {
    title: 'Memory and bytes written',
    conditions: `The compiled gateway, whole process tree, no sink, ${seconds} s per load, 200-byte payloads at QoS 1 (one commit per message while nothing else waits); bytes from /proc/PID/io write_bytes, memory from smaps_rollup.`,
    columns: ['load', 'anonymous MB', 'resident MB', 'bytes written per message', 'GB per day at this rate'],
    rows,
    verdict: [
      `Goal idle: at most 75 MB anonymous and 150 MB resident; measured ${idle.anonymousMb.toFixed(0)} and ${idle.residentMb.toFixed(0)}.`,
    ],
  };
}

async function underLoad(name: string, subject: Subject, rate: number, seconds: number): Promise<(string | number)[]> {
  let before = 0;
  let written = 0;
  let memory = treeMemory(subject.pid);
  const load = await runLoad({
    port: subject.port,
    clients: Math.min(50, rate),
    rate,
    seconds,
    onMeasuring: () => (before = diskWritten(subject.pid)),
    onMeasured: () => {
      written = diskWritten(subject.pid) - before;
      memory = treeMemory(subject.pid);
    },
  });
  const perMessage = written / load.acknowledged;
  return [name, memory.anonymousMb, memory.residentMb, perMessage, (perMessage * rate * 86_400) / 1e9];
}
