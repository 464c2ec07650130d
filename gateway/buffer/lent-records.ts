import type { Boot } from './boots.ts';
import type { LoanItem } from './cursor.ts';
import type { ClaimAnswer } from './protocol.ts';
import { recordId } from './record-id.ts';

/** Records as they are handed to a sink, with ids and numbers that are computed and never stored. */
export function lentRecords(loan: number, items: readonly LoanItem[], boot: Boot): ClaimAnswer {
  return {
    loan,
    text: items.map((item) => item.line).join('\n'),
    lsns: items.map((item) => item.lsn),
    ids: items.map((item) => recordId(item.batch.wallMs, item.lsn, boot.salt, isRollup(item.line))),
    boots: items.map((item) => item.batch.boot),
    seqs: items.map((item) => item.lsn - boot.firstLsnOf(item.batch.boot)),
    hists: items.map((item) => item.hist),
  };
}

const isRollup = (line: string): boolean => line.includes('"rollup":');
