import type { ReportPart } from './coalesce.ts';
import type { DeviceRun } from './device-run.ts';
import type { ErrorClass } from './error-classes.ts';
import { tellLosses } from './losses.ts';
import { devicesPath } from './registration.ts';
import type { WriteRound } from './write-round.ts';

/**
 * NOT an endpoint of the real cloud over HTTPS: an extension of the local cloud in the shape of TuyaLink's
 * `batch_report`, with its limits. Used only where the operator has switched it on.
 */
export const batchTarget = `${devicesPath}/batch/property/report`;

const maxDevices = 20;
const maxReports = 499;
const maxCharacters = 400_000;

/** Classes at which each report goes alone; `permission` is a cloud that has no such endpoint. */
const alone: ReadonlySet<ErrorClass> = new Set(['partial', 'input', 'permission']);

interface Share {
  readonly run: DeviceRun;
  readonly parts: readonly ReportPart[];
}

/** Sorts the next reports of all devices into calls; what does not fit waits for the next turn. */
export function chunks(runs: readonly DeviceRun[]): Share[][] {
  const result: Share[][] = [];
  let current: Share[] = [];
  let reports = 0;
  let characters = 0;
  for (const run of runs) {
    const parts: ReportPart[] = [];
    const close = (): void => {
      if (current.length > 0) result.push(current);
      current = [];
      reports = 0;
      characters = 0;
    };
    if (current.length >= maxDevices || reports >= maxReports || characters >= maxCharacters) close();
    for (const part of run.nextReports()) {
      if (reports >= maxReports || characters >= maxCharacters) break;
      reports += 1;
      characters += JSON.stringify(part.data).length + 120;
      parts.push(part);
    }
    if (parts.length > 0) current.push({ run, parts });
  }
  if (current.length > 0) result.push(current);
  return result;
}

/**
 * Sends one call for several devices. A partial failure (2121, 2122) does not say which report failed, so each report
 * goes alone then; the ones that had arrived collapse by their ids.
 */
export async function reportTogether(shares: readonly Share[], round: WriteRound): Promise<void> {
  const reports = shares.flatMap(({ run, parts }) =>
    parts.map((part) => ({ device_id: run.cloudId, msg_id: part.item.message.id, data: part.data })),
  );
  const payload = JSON.stringify({ reports });
  const answer = await round.call('batch', { method: 'POST', target: batchTarget, payload });
  if (!answer.ok && alone.has(answer.class)) {
    await Promise.all(shares.map(({ run }) => run.run()));
    return;
  }
  for (const { run, parts } of shares) {
    const items = parts.map((part) => part.item);
    run.skipReports(parts.length);
    if (answer.ok) {
      tellLosses(parts);
      round.accept(items);
    } else if (!round.refuse(items, answer)) run.stop();
  }
}
