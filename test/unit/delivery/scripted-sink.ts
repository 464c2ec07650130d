import type { Batch, Sink, Verdict, WriteResult } from '../../../contracts/sink.ts';

export type Script = (batch: Batch, signal: AbortSignal) => WriteResult | Promise<WriteResult>;

export const acceptAll: Script = (batch) => ({ verdicts: batch.items.map((): Verdict => ({ is: 'accept' })) });

export const keepAll =
  (forMs: number | 'transient' | 'stopped', reason = 'unreachable'): Script =>
  (batch) => ({ verdicts: batch.items.map((): Verdict => ({ is: 'keep' })), pause: { reason, forMs } });

/** A far side that does what the test says and writes down what it took, in order. */
export class ScriptedSink implements Sink {
  readonly name = 'scripted';
  limits = { records: 10, bytes: 1_000_000, inFlight: 1 };
  script: Script = acceptAll;
  onConnect: (signal: AbortSignal) => Promise<void> = async () => {};
  connects = 0;
  writes = 0;
  readonly taken: { readonly lane: string; readonly device: string; readonly lsn: number }[] = [];

  async connect(signal: AbortSignal): Promise<void> {
    this.connects += 1;
    await this.onConnect(signal);
  }

  async write(batch: Batch, signal: AbortSignal): Promise<WriteResult> {
    this.writes += 1;
    const result = await this.script(batch, signal);
    batch.items.forEach((item, index) => {
      if (result.verdicts[index]?.is !== 'accept') return;
      this.taken.push({ lane: batch.lane, device: item.message.dev.id, lsn: item.lsn });
    });
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
