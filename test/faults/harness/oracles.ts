import { inspectBuffer } from '../../../gateway/buffer/inspect.ts';
import { compare, drained } from '../../harness/judge.ts';
import type { Round } from './round.ts';

/**
 * The five questions. `kept`: is every acknowledged message in the buffer, or has it its effect in every sink? `once`: has it
 * one effect per sink? `sound`: is the database sound, or in quarantine and counted? `up`: did the gateway accept within 30 s?
 * `counted`: does the ledger balance, and is every loss that a policy allows counted and told?
 */
export type Oracle = 'kept' | 'once' | 'sound' | 'up' | 'counted';

/** A promise that did not hold. */
export interface Finding {
  readonly oracle: Oracle;
  readonly says: string;
}

/** The gateway's own bound on a machine that has time for it; where the first start was slow, others may be slow too. */
const upWithinMs = 30_000;

export const few = (all: Iterable<unknown>): string => {
  const list = [...all];
  return `${list.slice(0, 5).join(', ')}${list.length > 5 ? ' …' : ''}`;
};

/** Waits until nothing waits for a sink, then asks all five. To be called when the fault is over and the daemon runs. */
export async function judge(round: Round, drainWithinMs = 120_000): Promise<Finding[]> {
  if (round.acknowledged.size === 0) throw new Error('nothing was acknowledged, so nothing was tested');
  const findings: Finding[] = [];
  const find = (oracle: Oracle, wrong: boolean, says: string): void => void (wrong && findings.push({ oracle, says }));
  await drained(round.daemon, drainWithinMs).catch((error: unknown) => find('kept', true, String(error)));

  const tuya = compare(round.acknowledged, await round.cloud.received());
  const lacking = [...round.acknowledged].filter((n) => !round.lines.numbers.has(n));
  const twice = [...round.lines.numbers].flatMap(([n, { points }]) => (points.size > 1 ? [n] : []));
  find('kept', tuya.missing.length > 0, `${tuya.missing.length} never came to tuya: ${few(tuya.missing)}`);
  find('kept', lacking.length > 0, `${lacking.length} never came to influx: ${few(lacking)}`);
  find('once', tuya.doubled.length > 0, `keys took effect twice in tuya: ${few(tuya.doubled)}`);
  find('once', tuya.repeated.length > 0, `numbers have two keys in tuya: ${few(tuya.repeated)}`);
  find('once', twice.length > 0, `numbers are two points in influx: ${few(twice)}`);

  using buffer = inspectBuffer(round.daemon.dataDir);
  const check = buffer.check();
  find('sound', !check.ok, JSON.stringify(check).slice(0, 400));
  const slowest = Math.max(...round.starts);
  find('up', slowest > Math.max(upWithinMs, 5 * (round.starts[0] ?? 0)), `${Math.round(slowest)} ms until it accepted`);
  const { sinks } = await round.daemon.api<{ sinks: readonly { sink: string; balanced: boolean }[] }>('/api/v1/ledger');
  for (const line of sinks) find('counted', !line.balanced, `does not balance: ${JSON.stringify(line)}`);
  return findings;
}
