import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { lanes, type Lane } from '../../../contracts/sink.ts';
import { checkBuffer } from '../../../gateway/buffer/check.ts';
import { buildCommit, encodeEntry } from '../../../gateway/buffer/commit-request.ts';
import { ledgerAgainstLog, ledgerBeyondLog } from '../../../gateway/buffer/ledger-against-log.ts';
import { readLedger, type LedgerReport } from '../../../gateway/buffer/ledger-report.ts';
import { openStore, type OpenStore } from '../../../gateway/buffer/open-store.ts';
import { defaultLimits } from '../../../gateway/buffer/options.ts';
import type { ClaimAnswer } from '../../../gateway/buffer/protocol.ts';
import { readStatus } from '../../../gateway/buffer/status.ts';
import { entry, handClock, measurement } from './buffer-fixture.ts';

type SettledAs = 'accept' | 'keep' | 'rest' | 'reject';

type Step =
  | { do: 'append'; records: { device: number; urgent: boolean }[]; filtered: number }
  | { do: 'claim'; sink: number; lane: Lane; records: number; bytes: number; resting: boolean }
  | { do: 'settle'; loan: number; verdicts: SettledAs[] }
  | { do: 'wait'; ms: number }
  | { do: 'fold' }
  | { do: 'crash' };

const lane = fc.constantFrom(...lanes);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      records: fc.array(fc.record({ device: fc.nat(3), urgent: fc.boolean() }), { maxLength: 6 }),
      filtered: fc.nat(2),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('claim' as const),
      sink: fc.nat(1),
      lane,
      records: fc.integer({ min: 1, max: 8 }),
      bytes: fc.constantFrom(450, 900, 10_000),
      resting: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      loan: fc.nat(3),
      verdicts: fc.array(fc.constantFrom<SettledAs>('accept', 'accept', 'keep', 'rest', 'reject'), {
        minLength: 8,
        maxLength: 8,
      }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(100, 1_500, 12_000) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'fold' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'crash' as const }) },
);

const sinks = ['cloud', 'kafka'];

interface Loan {
  sink: string;
  lane: Lane;
  answer: ClaimAnswer;
}

/** What must be true, kept beside the real store: which records exist, and which of them each sink has settled. */
class Model {
  readonly records = new Map<number, { device: string; lane: Lane; value: number }>();
  readonly settled = new Map<string, Set<number>>(sinks.map((sink) => [sink, new Set()]));
  /** Settled, but perhaps not yet on the disk: after a crash such a record may come again. */
  readonly uncertain = new Map<string, Set<number>>(sinks.map((sink) => [sink, new Set()]));
  readonly loans: Loan[] = [];

  lend(loan: Loan): void {
    const settled = this.settled.get(loan.sink) ?? new Set();
    const onLoan = new Set(
      this.loans.filter((other) => other.sink === loan.sink).flatMap((other) => other.answer.lsns),
    );
    const inThisLoan = new Set<number>();
    for (const lsn of loan.answer.lsns) {
      const record = this.records.get(lsn);
      assert.ok(record, `lsn ${lsn} was never committed`);
      assert.ok(!settled.has(lsn), `lsn ${lsn} was settled and is lent again`);
      assert.ok(!onLoan.has(lsn) && !inThisLoan.has(lsn), `lsn ${lsn} is lent twice`);
      for (const [earlier, other] of this.records) {
        if (earlier >= lsn || other.device !== record.device || other.lane !== record.lane) continue;
        assert.ok(settled.has(earlier) || inThisLoan.has(earlier), `${lsn} of ${record.device} overtakes ${earlier}`);
      }
      inThisLoan.add(lsn);
    }
    this.loans.push(loan);
  }
}

class Machine {
  readonly clock = handClock();
  readonly model = new Model();
  readonly #root: string;
  #dir = '';
  #opened = 0;
  #value = 0;
  #tries = 0;
  #lastCommit = 0;
  open!: OpenStore;

  constructor(root: string) {
    this.#root = root;
  }

  get now() {
    return { wallMs: this.clock.wallMs(), monoMs: this.clock.monoMs() };
  }

  async start(from?: string): Promise<void> {
    this.#opened += 1;
    this.#dir = join(this.#root, String(this.#opened));
    await mkdir(this.#dir);
    if (from) {
      for (const name of ['portcullis.db', 'portcullis.db-wal']) await cp(join(from, name), join(this.#dir, name));
    }
    this.open = openStore(
      {
        dataDir: this.#dir,
        gateway: 'g',
        sinks,
        tables: [],
        synchronous: 'NORMAL',
        limits: { ...defaultLimits, parkedRecords: 5 },
      },
      this.now,
    );
    assert.equal(ledgerAgainstLog(this.open.db), undefined);
    assert.equal(ledgerBeyondLog(this.open.db), undefined);
  }

  /** A crash: the files as they are, without anything the process still held in memory. */
  async crash(): Promise<void> {
    const { model } = this;
    const old = this.open;
    this.#compareTails();
    await this.start(this.#dir);
    old.db.close();
    assert.equal(this.open.store.lastCommit, this.#lastCommit, 'the newest commit is known');
    model.loans.length = 0;
    for (const sink of sinks) {
      for (const lsn of model.uncertain.get(sink) ?? []) model.settled.get(sink)?.delete(lsn);
      model.uncertain.get(sink)?.clear();
    }
    // What had reached the disk after all is settled: the store itself says so by its cursors and parked records.
    for (const [lsn, record] of model.records) {
      for (const sink of sinks) if (this.#isSettled(sink, record.lane, lsn)) model.settled.get(sink)?.add(lsn);
    }
  }

  #isSettled(sink: string, of: Lane, lsn: number): boolean {
    const cursor = this.open.db
      .prepare<[string, string], { lsn: number }>('SELECT lsn FROM cursors WHERE sink = ? AND lane = ?')
      .get(sink, of);
    const parked = this.open.db
      .prepare('SELECT 1 FROM parked WHERE sink = ? AND lane = ? AND lsn = ?')
      .get(sink, of, lsn);
    return lsn <= (cursor?.lsn ?? 0) && !parked;
  }

  async run(one: Step): Promise<void> {
    const { store } = this.open;
    if (one.do === 'append') this.#append(one.records, one.filtered);
    else if (one.do === 'wait') this.clock.advance(one.ms);
    else if (one.do === 'fold') store.fold(this.now);
    else if (one.do === 'crash') await this.crash();
    else if (one.do === 'claim') this.claim(sinks[one.sink] ?? '', one.lane, one);
    else this.settle(one.loan, one.verdicts);
    this.open.store.tick(this.now);
    const { balanced } = this.#ledger({ tail: this.open.store.unfolded() });
    assert.ok(balanced, `the ledger does not balance after ${one.do}`);
  }

  #ledger(how: Parameters<typeof readLedger>[3]): LedgerReport {
    return readLedger(this.open.db, sinks, this.open.store.moment(this.now), how);
  }

  /** What the writer keeps of the tail is what the log has of it. */
  #compareTails(): void {
    const tail = this.open.store.unfolded();
    const ledger = this.#ledger({});
    assert.deepEqual(linesOf(this.#ledger({ tail })), linesOf(ledger));
    const ofOne = ledger.devices.filter(({ device }) => device === 'd1');
    assert.deepEqual(this.#ledger({ tail, devices: ['d1', 'nobody'] }).devices, ofOne);
    assert.deepEqual(readStatus(this.open.db, tail), readStatus(this.open.db));
  }

  #append(records: { device: number; urgent: boolean }[], filtered: number): void {
    const first = this.open.store.nextLsn;
    const made = records.map(({ device, urgent }) => {
      this.#value += 1;
      // Some records are larger than others, so that a small claim passes one over and takes the next.
      const meta = { pad: 'x'.repeat((this.#value % 3) * 150) };
      return { ...measurement(`d${device}`, this.#value, urgent ? 'alarm' : 'telemetry'), meta };
    });
    const sorted = lanes.flatMap((of) =>
      made.filter((m) => (m.cls === 'alarm') === (of === 'urgent')).map((m) => ({ of, m })),
    );
    const encoded = encodeEntry({
      ...entry(...made),
      filtered: filtered ? [{ device: 'd0', reason: 'dead', count: filtered }] : [],
    });
    this.#tries += 1;
    this.open.store.commit({ ...buildCommit([encoded]), n: this.#tries }, this.now);
    // An empty one has a number too when it took settlements along.
    if (made.length + filtered > 0) assert.equal(this.open.store.lastCommit, this.#tries);
    this.#lastCommit = this.open.store.lastCommit;
    for (const [i, { of, m }] of sorted.entries()) {
      this.model.records.set(first + i, { device: m.dev.id, lane: of, value: m.m[0]?.v ?? 0 });
    }
    // The commit took the waiting settlements along, but for those that wait for an earlier loan.
    for (const [sink, uncertain] of this.model.uncertain) {
      const waiting = new Set(this.model.loans.filter((loan) => loan.sink === sink).map((loan) => loan.lane));
      for (const lsn of uncertain)
        if (!waiting.has(this.model.records.get(lsn)?.lane ?? 'normal')) uncertain.delete(lsn);
    }
  }

  claim(sink: string, of: Lane, want: { records: number; bytes: number; resting: boolean }): boolean {
    const answer = this.open.store.claim({ ...want, sink, lane: of }, this.now);
    if (answer) this.model.lend({ sink, lane: of, answer });
    for (const [i, line] of (answer?.text.split('\n') ?? []).entries()) {
      const value = (JSON.parse(line) as { m: { v: number }[] }).m[0]?.v;
      assert.equal(value, this.model.records.get(answer?.lsns[i] ?? -1)?.value);
    }
    return answer !== undefined;
  }

  settle(which: number, verdicts: readonly SettledAs[]): void {
    const [loan] = this.model.loans.splice(which % Math.max(1, this.model.loans.length), 1);
    if (!loan) return;
    const codes = loan.answer.lsns.map((_, i) => {
      const verdict = verdicts[i] ?? 'accept';
      if (verdict === 'reject') return ['BAD', 'no'] as const;
      return verdict === 'rest' ? verdict : verdict === 'accept';
    });
    // A sink that keeps a record keeps the later ones of its device in the same batch too.
    const kept = new Set<string>();
    for (const [i, lsn] of loan.answer.lsns.entries()) {
      const device = this.model.records.get(lsn)?.device ?? '';
      if (kept.has(device) && codes[i] !== 'rest') codes[i] = false;
      if (codes[i] === false || codes[i] === 'rest') {
        kept.add(device);
        continue;
      }
      this.model.settled.get(loan.sink)?.add(lsn);
      this.model.uncertain.get(loan.sink)?.add(lsn);
    }
    assert.ok(this.open.store.settle({ loan: loan.answer.loan, verdicts: codes }, this.now));
  }

  /** Delivers all that is left and looks at the books. */
  finish(): void {
    for (let rounds = 0; rounds < 200; rounds++) {
      while (this.model.loans.length > 0) this.settle(0, []);
      const more = sinks.flatMap((sink) =>
        lanes.map((of) => this.claim(sink, of, { records: 50, bytes: 10_000, resting: true })),
      );
      if (!more.includes(true)) break;
    }
    for (const sink of sinks)
      assert.equal(this.model.settled.get(sink)?.size, this.model.records.size, `${sink} is complete`);
    this.#compareTails();
    this.open.store.fold(this.now);
    assert.equal(ledgerAgainstLog(this.open.db), undefined);
    const report = checkBuffer(this.open.db);
    assert.ok(report.ok, JSON.stringify(report));
    const left = this.open.db.prepare<[], { n: number }>('SELECT count(*) AS n FROM batches').get();
    assert.equal(left?.n, 0, 'what every sink has settled is deleted');
    for (const line of this.#ledger({}).sinks) {
      assert.equal(line.buffered, 0);
      assert.equal(line.accepted - line.filtered, this.model.records.size);
      assert.ok(line.balanced);
    }
  }
}

const linesOf = ({ devices, reasons }: LedgerReport): string[] =>
  [...devices, ...reasons].map((line) => JSON.stringify(line)).toSorted();

test('random appends, claims, settlements and crashes: nothing is lost, lent twice or out of order, and the ledger balances', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
      const root = await mkdtemp(join(tmpdir(), 'portcullis-model-'));
      const machine = new Machine(root);
      try {
        await machine.start();
        for (const one of steps) await machine.run(one);
        machine.finish();
      } finally {
        machine.open.db.close();
        await rm(root, { recursive: true, force: true });
      }
    }),
    { numRuns: 80, endOnFailure: true },
  );
});
