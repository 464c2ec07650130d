import { lanes } from '../../../contracts/sink.ts';
import { allTables } from '../../../gateway/all-tables.ts';
import { checkBuffer, type CheckReport } from '../../../gateway/buffer/check.ts';
import { defaultLimits } from '../../../gateway/buffer/options.ts';
import { openOrSalvage, type SalvageReport } from '../../../gateway/buffer/salvage.ts';
import { nowOf } from '../../../gateway/buffer/writer-host.ts';
import { systemClock } from '../../../gateway/lib/clock.ts';

export interface FolderState {
  readonly check: CheckReport;
  readonly salvaged: SalvageReport | undefined;
  /** What each sink would be given, by the number that the publisher counted. */
  readonly waiting: ReadonlyMap<string, ReadonlySet<number>>;
}

/** Opens a data folder as the writer thread does at a start, checks all of it, and takes out what waits for each sink. */
export function readFolder(dataDir: string, sinks: readonly string[]): FolderState {
  const now = nowOf(systemClock);
  // What is rebuilt need not outlive the next cut.
  const options = {
    dataDir,
    gateway: 'gw-test',
    sinks,
    tables: allTables,
    limits: defaultLimits,
    synchronous,
  } as const;
  const { open, salvaged } = openOrSalvage(options, now);
  try {
    const check = checkBuffer(open.db);
    const waiting = new Map(sinks.map((sink) => [sink, new Set<number>()]));
    for (const [sink, numbers] of waiting) {
      for (const lane of lanes) {
        const want = { sink, lane, records: 1_000, bytes: 1_000_000 };
        for (let loan = open.store.claim(want, now); loan; loan = open.store.claim(want, now)) {
          for (const [, n] of loan.text.matchAll(numberInRecord)) numbers.add(Number(n));
          open.store.settle({ loan: loan.loan, verdicts: loan.lsns.map(() => true) }, now);
        }
      }
    }
    return { check, salvaged, waiting };
  } finally {
    open.db.close();
  }
}

const synchronous = 'NORMAL';

/** The metric `n` of a record of `generic-json`. */
const numberInRecord = /"n":"x\.json\.n","v":(\d+)/g;
