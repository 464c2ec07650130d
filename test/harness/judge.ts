import assert from 'node:assert/strict';
import type { ReceivedRow } from '../../simulator/cloud/received.ts';
import type { TestCloud } from './cloud.ts';
import type { Daemon } from './daemon.ts';
import { waitUntil } from './wait-until.ts';

export interface Judgement {
  /** Acknowledged numbers that had no effect in the cloud. */
  readonly missing: readonly number[];
  /** Idempotency keys that took effect more than once. */
  readonly doubled: readonly string[];
  /** Numbers that took effect under more than one key. */
  readonly repeated: readonly number[];
}

export const numberIn = (row: ReceivedRow): number | undefined => {
  const match = /x_json_n=(\d+)/.exec(row.summary);
  return match === null ? undefined : Number(match[1]);
};

/** Compares what devices were told is safe with what took effect in the cloud. */
export function compare(acknowledged: ReadonlySet<number>, rows: readonly ReceivedRow[]): Judgement {
  const seen = new Map<number, number>();
  for (const row of rows) {
    const n = numberIn(row);
    if (n !== undefined && row.effects > 0) seen.set(n, (seen.get(n) ?? 0) + 1);
  }
  return {
    missing: [...acknowledged].filter((n) => !seen.has(n)),
    doubled: rows.filter((row) => row.effects > 1).map((row) => row.key),
    repeated: [...seen].filter(([, times]) => times > 1).map(([n]) => n),
  };
}

interface LedgerAnswer {
  readonly sinks: readonly { readonly sink: string; readonly buffered: number; readonly balanced: boolean }[];
}

/** Waits until the gateway has nothing left for the cloud. */
export async function drained(daemon: Pick<Daemon, 'api'>, boundMs = 120_000): Promise<void> {
  await waitUntil(
    'the buffer to drain',
    async () => {
      const { sinks } = await daemon.api<LedgerAnswer>('/api/v1/ledger');
      return sinks.length > 0 && sinks.every((sink) => sink.buffered === 0);
    },
    boundMs,
  );
}

/** Everything acknowledged took effect in the cloud exactly once, and the ledger balances. */
export async function assertNothingLost(
  daemon: Pick<Daemon, 'api'>,
  cloud: TestCloud,
  acknowledged: ReadonlySet<number>,
): Promise<void> {
  assert.ok(acknowledged.size > 0, 'nothing was acknowledged, so nothing was tested');
  await drained(daemon);
  const judgement = compare(acknowledged, await cloud.received());
  assert.deepEqual(judgement, { missing: [], doubled: [], repeated: [] });
  const { sinks } = await daemon.api<LedgerAnswer>('/api/v1/ledger');
  for (const sink of sinks)
    assert.ok(sink.balanced, `the ledger of ${sink.sink} does not balance: ${JSON.stringify(sink)}`);
}
