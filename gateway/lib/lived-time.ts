import type { SqlRow, Write } from '../../contracts/table-set.ts';
import type { Clock } from './clock.ts';

/** Time in which what is kept grows old. It never goes back, and a jump of the wall clock while the gateway runs is none. */
export interface LivedTime {
  now(): number;
  /** To be committed with every change of what grows old. */
  checkpoint(): Write;
}

/**
 * Goes on where the last checkpoint stood. Time without power counts as far as the wall clock knows it: a machine whose
 * clock was set back knows nothing of it. That errs to the safe side: what is too old is reported expired. `saved` has
 * `lived_ms` and `wall_ms`, which are the parameters of the statement `put`.
 */
export function livedTime(saved: SqlRow | undefined, clock: Clock, put: string): LivedTime {
  const away = saved === undefined ? 0 : Math.max(0, clock.wallMs() - Number(saved['wall_ms']));
  const base = Number(saved?.['lived_ms'] ?? 0) + away - clock.monoMs();
  const now = (): number => Math.floor(base + clock.monoMs());
  return {
    now,
    checkpoint: () => ({ statement: put, params: [now(), Math.floor(clock.wallMs())] }),
  };
}
