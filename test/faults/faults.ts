import { cannotListen } from '../harness/notify-socket.ts';
import { jumpingClock } from './harness/clock.ts';
import { corruptedFiles } from './harness/corruption.ts';
import { failingDisk } from './harness/disk-errors.ts';
import { failingCloud, failingLink } from './harness/far-side.ts';
import { cannotMount, fullDisk } from './harness/full-disk.ts';
import { killAtChange } from './harness/kill-at-change.ts';
import { cannotLimit, outOfMemory } from './harness/out-of-memory.ts';
import { crashingWriter, standingStill } from './harness/threads.ts';
import type { Fault } from './harness/fault.ts';
import { killAtRandom } from './harness/kill.ts';
import { powerCut } from './power-cut/power-cut.ts';

/** Every fault of the harness; docs/faults.md has the same list, held to it by a test. */
export const faults: readonly Fault[] = [
  {
    name: 'kill',
    is: 'kill -9 at random moments under load',
    control: 'ack-before-commit',
    rounds: { short: 1, night: 60, release: 400 },
    run: (context) => killAtRandom(context, context.broken === '' ? 5 : 2),
  },
  {
    name: 'power-cut',
    is: 'the power is cut: what was not synced is dropped, kept in part, reordered or torn',
    control: 'sync-normal',
    rounds: { short: 1, night: 20, release: 150 },
    run: (context, level) => powerCut(context, { cuts: level === 'short' ? 40 : 150, lives: 2, loadMs: 1_000 }),
  },
  {
    name: 'kill-at-change',
    is: 'kill -9 in front of any change of the disk while tables are made, and while the log is folded and checkpointed',
    control: 'migrate-in-pieces',
    finds: 'sound',
    rounds: { short: 0, night: 30, release: 200 },
    run: killAtChange,
  },
  {
    name: 'disk-full',
    is: 'the disk is filled under load, then kill -9',
    control: 'ack-before-commit',
    rounds: { short: 0, night: 10, release: 50 },
    cannot: cannotMount,
    run: fullDisk,
  },
  {
    name: 'disk-errors',
    is: 'fsync fails, hangs or is slow; EIO at writes and reads, short writes, ENOSPC, a remount as read-only',
    control: 'ack-before-commit',
    rounds: { short: 1, night: 20, release: 100 },
    run: (context, level) => failingDisk(context, level === 'short' ? 2 : 5),
  },
  {
    name: 'corruption',
    is: 'files of the database are damaged in 64 ways',
    control: 'salvage-untold',
    finds: 'counted',
    rounds: { short: 0, night: 10, release: 100 },
    run: (context, level) => corruptedFiles(context, level === 'short' ? 16 : 64),
  },
  {
    name: 'cloud',
    is: 'the cloud refuses, fails, throttles, loses answers, forgets tokens, hangs and is late',
    control: 'settle-before-ack',
    rounds: { short: 0, night: 10, release: 100 },
    run: failingCloud,
  },
  {
    name: 'link',
    is: 'the way to both sinks is down, half-open, slow, lossy, or loses answers',
    control: 'settle-before-ack',
    rounds: { short: 0, night: 10, release: 100 },
    run: failingLink,
  },
  {
    name: 'clock',
    is: 'the clock is wrong at the start and jumps by up to 55 years while records wait',
    control: 'ages-by-wall-clock',
    rounds: { short: 0, night: 10, release: 50 },
    run: jumpingClock,
  },
  {
    name: 'out-of-memory',
    is: 'the kernel takes the process away for want of memory',
    control: 'ack-before-commit',
    rounds: { short: 0, night: 10, release: 50 },
    cannot: cannotLimit,
    run: outOfMemory,
  },
  {
    name: 'writer-crash',
    is: 'the writer thread crashes under load',
    control: 'ack-before-commit',
    rounds: { short: 0, night: 10, release: 50 },
    run: crashingWriter,
  },
  {
    name: 'stall',
    is: 'the event loop or the writer thread stands still, and a watchdog as systemd has it kills the process',
    control: 'sign-without-commit',
    finds: 'up',
    rounds: { short: 0, night: 10, release: 50 },
    cannot: cannotListen,
    run: standingStill,
  },
];
