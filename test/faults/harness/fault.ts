import type { Finding, Oracle } from './oracles.ts';
import type { RoundContext } from './round.ts';

export const levels = ['short', 'night', 'release'] as const;
export type Level = (typeof levels)[number];

export interface Outcome {
  readonly findings: readonly Finding[];
  /** Messages that devices were told are safe. */
  readonly acknowledged: number;
  readonly says?: string;
}

/** One kind of fault. */
export interface Fault {
  readonly name: string;
  /** What happens, in a sentence. */
  readonly is: string;
  /** The promise, for `PORTCULLIS_BREAK`, without which a round must find something. */
  readonly control: string;
  /** The question that the control must fail; `kept` when left out. */
  readonly finds?: Oracle;
  readonly rounds: Readonly<Record<Level, number>>;
  /** Why it cannot be run here; undefined when it can. */
  readonly cannot?: () => string | undefined;
  /** One round: a gateway of its own, the fault, a restart, the five questions. */
  run(context: RoundContext, level: Level): Promise<Outcome>;
}
