/**
 * Hidden switches that break one promise each, so that a fault test can show that it would notice. They are read from
 * `PORTCULLIS_BREAK` (comma separated) and have no place in a configuration file.
 */
export interface TestSwitches {
  readonly synchronous: 'FULL' | 'NORMAL';
  readonly acknowledge: 'after-commit' | 'before-commit';
  readonly settle: 'after-ack' | 'before-ack';
  readonly act: 'after-commit' | 'before-commit';
  /** Ages by the wall clock, so that a clock that jumps makes records expire. */
  readonly ages: 'lived' | 'wall';
  /** A sign of life without a commit behind it says nothing about the writer and the disk. */
  readonly sign: 'after-commit' | 'unproven';
  /** Tables of one version are made in pieces: a kill between them leaves a database that does not open. */
  readonly migrate: 'whole' | 'in-pieces';
  /** A damaged database is replaced, and nobody hears of it. */
  readonly salvage: 'told' | 'untold';
  /** Called at the moments of a command, or of a device's wish; `die-at-<moment>@<id>` ends the process there as a power cut would. */
  readonly onMoment: (moment: string, id: string) => void;
}

export function readTestSwitches(value: string | undefined = process.env['PORTCULLIS_BREAK']): TestSwitches {
  const broken = new Set((value ?? '').split(','));
  return {
    synchronous: broken.has('sync-normal') ? 'NORMAL' : 'FULL',
    acknowledge: broken.has('ack-before-commit') ? 'before-commit' : 'after-commit',
    settle: broken.has('settle-before-ack') ? 'before-ack' : 'after-ack',
    ages: broken.has('ages-by-wall-clock') ? 'wall' : 'lived',
    sign: broken.has('sign-without-commit') ? 'unproven' : 'after-commit',
    migrate: broken.has('migrate-in-pieces') ? 'in-pieces' : 'whole',
    salvage: broken.has('salvage-untold') ? 'untold' : 'told',
    act: broken.has('act-before-commit') ? 'before-commit' : 'after-commit',
    onMoment: (moment, id) => {
      if (broken.has(`die-at-${moment}@${id}`)) process.kill(process.pid, 'SIGKILL');
    },
  };
}
