import { isEffective, type LogPlace, type OnceState } from '../../contracts/effective-once.ts';
import { SequenceSet } from './sequence-set.ts';

/**
 * What one start of one gateway has in the events topic. `effective` counts what a reader that collapses duplicates
 * gets; `missing` are numbers below `last` that never came; `twice` are numbers with a second effect, and `disordered`
 * first arrivals that such a reader would take for duplicates. The last three must be zero.
 */
export interface BootReport {
  readonly gateway: string;
  readonly boot: number;
  readonly last: number;
  readonly effective: number;
  readonly duplicates: number;
  readonly missing: number;
  readonly twice: number;
  readonly disordered: number;
  readonly gaps: readonly (readonly [from: number, to: number])[];
}

interface Book {
  readonly seen: SequenceSet;
  duplicates: number;
  twice: number;
  disordered: number;
}

const gapsShown = 20;

/** Takes records in the order of their partitions and knows at any time what is missing or doubled. */
export class SequenceAudit {
  readonly #books = new Map<string, Map<number, Book>>();
  readonly #state: OnceState = new Map();

  take(place: LogPlace): void {
    const book = this.#book(place.gateway, place.boot);
    const effective = isEffective(place, this.#state);
    const first = book.seen.add(place.sequence);
    if (effective && !first) book.twice += 1;
    else if (!effective && first) book.disordered += 1;
    else if (!first) book.duplicates += 1;
  }

  report(): BootReport[] {
    const reports: BootReport[] = [];
    for (const [gateway, boots] of this.#books) {
      for (const [boot, { seen, duplicates, twice, disordered }] of boots) {
        const { last, size } = seen;
        const missing = last + 1 - size;
        const gaps = missing === 0 ? [] : seen.gaps(gapsShown);
        reports.push({ gateway, boot, last, effective: size, duplicates, missing, twice, disordered, gaps });
      }
    }
    return reports.toSorted((a, b) => (a.gateway === b.gateway ? a.boot - b.boot : a.gateway < b.gateway ? -1 : 1));
  }

  #book(gateway: string, boot: number): Book {
    const boots = this.#books.get(gateway) ?? new Map<number, Book>();
    this.#books.set(gateway, boots);
    const book = boots.get(boot) ?? { seen: new SequenceSet(), duplicates: 0, twice: 0, disordered: 0 };
    boots.set(boot, book);
    return book;
  }
}

/** The line of a gateway's ledger for Kafka, as `portcullis ledger --json` prints it. */
export interface KafkaLedger {
  readonly delivered: number;
  readonly buffered: number;
  readonly expired: number;
  readonly evicted: number;
  readonly deadLettered: number;
  readonly predates: number;
}

export type Proof = 'proven' | 'broken' | 'open';

export interface GatewayVerdict {
  readonly gateway: string;
  readonly proof: Proof;
  readonly says: string;
}

/**
 * What the numbers prove for one gateway. Without its ledger every number must be there. With it, a gap is in order when
 * everything that the ledger calls delivered is in the topic: what is missing then never left (expired, evicted,
 * refused, still waiting, or from before Kafka was configured). `cutOff` says that retention has deleted the beginning of
 * the topic: then gaps prove nothing.
 */
export function judge(
  gateway: string,
  boots: readonly BootReport[],
  ledger: KafkaLedger | undefined,
  cutOff: boolean,
): GatewayVerdict {
  const sum = (pick: (report: BootReport) => number): number => boots.reduce((all, report) => all + pick(report), 0);
  const [effective, missing] = [sum((r) => r.effective), sum((r) => r.missing)];
  const verdict = (proof: Proof, says: string): GatewayVerdict => ({ gateway, proof, says });
  if (sum((r) => r.twice) > 0) return verdict('broken', `${sum((r) => r.twice)} numbers have two effects`);
  if (sum((r) => r.disordered) > 0) return verdict('broken', `${sum((r) => r.disordered)} records came out of order`);
  if (cutOff && (missing > 0 || ledger !== undefined)) {
    return verdict('open', `${missing} numbers are not there, and retention has deleted the beginning of the topic`);
  }
  if (ledger === undefined) {
    if (missing > 0) return verdict('broken', `${missing} numbers are missing (their ledger may account for them)`);
    return verdict('proven', `all ${effective} numbers are there, each with one effect`);
  }
  if (effective < ledger.delivered) {
    return verdict('broken', `the ledger says ${ledger.delivered} delivered, the topic has ${effective}`);
  }
  const { expired, evicted, deadLettered, buffered, predates } = ledger;
  const left = expired + evicted + deadLettered + buffered + predates;
  if (missing > left) return verdict('broken', `${missing} numbers are missing, the ledger accounts for ${left}`);
  return verdict('proven', `all ${effective} delivered are there, each with one effect; ${missing} never left`);
}
