import { recount } from './check.ts';
import type { Db } from './database.ts';
import { readUnfolded } from './ledger.ts';
import { knownSinks, readTallies } from './ledger-report.ts';
import { TallyBook, type Counted } from './tally-book.ts';

/** The numbers of one device: what belongs to no sink, and the sum of what each sink has. */
interface Account {
  accepted: number;
  outside: number;
  readonly perSink: Map<string, { buffered: number; rest: number }>;
}

/**
 * Makes the ledger of a salvaged database true again: what is buffered is counted anew in the log, and what is then
 * missing was lost with the damaged pages and is entered as evicted, reason `corruption`. Returns that number, for the
 * sink that misses most.
 */
export function rebalance(db: Db): number {
  const sinks = knownSinks(db);
  const accounts = new Map<string, Account>();
  const account = (device: string): Account => {
    const found = accounts.get(device) ?? {
      accepted: 0,
      outside: 0,
      perSink: new Map(sinks.map((sink) => [sink, { buffered: 0, rest: 0 }])),
    };
    accounts.set(device, found);
    return found;
  };
  for (const [device, sink, what, , n] of readTallies(db, readUnfolded(db, sinks)))
    enter(account(device), sink, what, n);
  const { counts } = recount(db);
  for (const key of counts.keys()) account(key.split('\n')[1] ?? '');

  const changes = new TallyBook();
  const lost = new Map<string, number>();
  for (const [device, { accepted, outside, perSink }] of accounts) {
    const log = (sink: string): number => counts.get(`${sink}\n${device}`) ?? 0;
    const sums = [...perSink].map(([sink, { rest }]) => outside + rest + log(sink));
    const whole = Math.max(accepted, ...sums);
    changes.add(device, '', 'accepted', whole - accepted);
    for (const [sink, { buffered, rest }] of perSink) {
      const missing = whole - (outside + rest + log(sink));
      changes.add(device, sink, 'buffered', log(sink) - buffered);
      changes.add(device, sink, 'evicted', missing, 'corruption');
      lost.set(sink, (lost.get(sink) ?? 0) + missing);
    }
  }
  const total = db.prepare('INSERT INTO totals VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n');
  for (const line of changes.lines()) total.run(...line);
  return Math.max(0, ...lost.values());
}

function enter(account: Account, sink: string, what: Counted, n: number): void {
  if (what === 'accepted') account.accepted += n;
  else if (sink === '') account.outside += n;
  const own = account.perSink.get(sink);
  if (!own) return;
  if (what === 'buffered') own.buffered += n;
  else own.rest += n;
}
