import { PortcullisError } from '../../../contracts/errors.ts';
import type { Message } from '../../../contracts/message.ts';
import type { Outlet } from '../../../contracts/pipeline.ts';
import type { Batch, BatchItem, Lane, Verdict } from '../../../contracts/sink.ts';

interface Row {
  readonly item: BatchItem;
  readonly lane: Lane;
  lent: boolean;
  verdict: Verdict | undefined;
}

/** The buffer as delivery sees it, in memory: lends in order, takes verdicts, gives back what was kept. */
export class MemoryOutlet implements Outlet {
  readonly #rows: Row[] = [];
  readonly #listeners = new Set<(lane: Lane) => void>();
  failSettles = 0;
  claims = 0;

  add(lane: Lane, device: string, count = 1, change: Partial<Message> = {}): void {
    for (let i = 0; i < count; i++) {
      const lsn = this.#rows.length + 1;
      this.#rows.push({ item: { lsn, message: message(lsn, device, change) }, lane, lent: false, verdict: undefined });
    }
  }

  announce(lane: Lane): void {
    for (const listener of this.#listeners) listener(lane);
  }

  async claim(want: { sink: string; lane: Lane; records: number; bytes: number }): Promise<Batch | undefined> {
    this.claims += 1;
    const deviceOf = (row: Row): string => row.item.message.dev.id;
    const lane = this.#rows.filter((row) => row.lane === want.lane);
    const underWay = new Set(lane.filter((row) => row.lent).map(deviceOf));
    const rows = lane.filter((row) => row.verdict === undefined && !underWay.has(deviceOf(row)));
    const taken = rows.slice(0, want.records);
    if (taken.length === 0) return undefined;
    for (const row of taken) row.lent = true;
    return { sink: want.sink, lane: want.lane, items: taken.map((row) => row.item) };
  }

  async settle(batch: Batch, verdicts: readonly Verdict[]): Promise<void> {
    if (this.failSettles > 0) {
      this.failSettles -= 1;
      throw new PortcullisError('DISK_FULL', 'The disk has no room.');
    }
    batch.items.forEach((item, index) => {
      const row = this.#rows[item.lsn - 1]!;
      row.lent = false;
      const verdict = verdicts[index]!;
      if (verdict.is !== 'keep') row.verdict ??= verdict;
    });
  }

  onArrival(listener: (lane: Lane) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  count(is: Verdict['is'] | 'open' | 'lent'): number {
    return this.#rows.filter((row) =>
      is === 'lent' ? row.lent : is === 'open' ? row.verdict === undefined : row.verdict?.is === is,
    ).length;
  }
}

/** A valid message whose id tells its place in the log. */
export function message(lsn: number, device: string, change: Partial<Message> = {}): Message {
  return {
    v: 1,
    id: lsn.toString(16).padStart(32, '0'),
    gw: 'gw-test',
    boot: 1,
    seq: lsn,
    kind: 'telemetry',
    dev: { id: device },
    ts: 1_750_000_000_000 + lsn,
    rts: 1_750_000_000_000 + lsn,
    clk: 'gateway',
    src: { proto: 'test', topic: `test/${device}` },
    hist: false,
    m: [{ n: 'temperature', v: lsn, u: 'Cel' }],
    ...change,
  };
}
