import type { Measurement, Message } from '../../contracts/message.ts';
import type { BatchItem } from '../../contracts/sink.ts';
import type { ClaimAnswer } from './protocol.ts';

/** Turns a loan into messages: the stored measurement plus the identity that the commit gave it. */
export function messagesFrom(answer: ClaimAnswer, gateway: string): BatchItem[] {
  const lines = answer.text.split('\n');
  return answer.lsns.map((lsn, i) => {
    const record = JSON.parse(lines[i] ?? '') as Measurement;
    const message: Message = {
      v: 1,
      id: answer.ids[i] ?? '',
      gw: gateway,
      boot: answer.boots[i] ?? 0,
      seq: answer.seqs[i] ?? 0,
      kind: record.kind,
      dev: record.dev,
      ts: record.ts,
      rts: record.rts,
      clk: record.clk,
      src: record.src,
      hist: answer.hists[i] ?? false,
      m: record.m,
    };
    if (record.meta) message.meta = record.meta;
    if (record.place) message.place = record.place;
    if (record.change) message.change = record.change;
    if (record.result) message.result = record.result;
    return { lsn, message };
  });
}
