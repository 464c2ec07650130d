import { PortcullisError } from '../../contracts/errors.ts';
import { verifyRelease } from './release.ts';
import type { Slots } from './slots.ts';

/** What an update does to the machine, and asks of it. */
export interface Machine {
  /** Unpacks a release's tarball into a folder, and has it on disk when it resolves. */
  unpack(tarball: string, folder: string): Promise<void>;
  /** Starts the gateway anew, as whatever release is current then. */
  restart(): Promise<void>;
  /** Resolves with what is wrong with the gateway, or undefined when it has been well for long enough. Bounded. */
  ailment(): Promise<string | undefined>;
}

export type Verdict = 'kept' | 'rolled back' | 'nothing to judge';

/**
 * Verifies a release, unpacks it beside the one that runs, and begins its trial. Nothing is touched before the signature and the
 * sum are right. Throws RELEASE_REFUSED; also for a release that is not newer, unless `anyVersion`.
 */
export async function stage(
  slots: Slots,
  machine: Pick<Machine, 'unpack'>,
  { folder, keys, anyVersion = false }: { folder: string; keys: string; anyVersion?: boolean },
): Promise<string> {
  const { version, tarball } = await verifyRelease(folder, keys);
  const from = await slots.current();
  if (version === from) throw new PortcullisError('RELEASE_REFUSED', `${version} is what runs here.`);
  if (!anyVersion && version.localeCompare(from, 'en', { numeric: true }) < 0)
    throw new PortcullisError(
      'RELEASE_REFUSED',
      `${version} is older than ${from}; --any-version goes back on purpose.`,
    );
  await slots.add(version, (into) => machine.unpack(tarball, into));
  await slots.beginTrial({ from, to: version, starts: 0 });
  await slots.switchTo(version);
  return version;
}

/**
 * Decides about a release on trial: kept when the gateway is well, else the one before is current again and started. Safe to
 * begin again at any moment, after a power cut too.
 */
export async function judge(slots: Slots, machine: Machine, say: (sentence: string) => void): Promise<Verdict> {
  const trial = await slots.trial();
  if (trial === undefined) return 'nothing to judge';
  // The guard may take it back at any moment, also while it is asked how it is; then another gateway answered.
  const isCurrent = async (): Promise<boolean> => (await slots.current()) === trial.to;
  const ailment = (await isCurrent()) ? await machine.ailment() : undefined;
  if (!(await isCurrent())) {
    say(`${trial.to} did not stay up, or was never started; ${trial.from} runs.`);
    await slots.endTrial();
    await slots.keepOnly([trial.from]);
    return 'rolled back';
  }
  if (ailment === undefined) {
    await slots.endTrial();
    await slots.keepOnly([trial.from]);
    say(`${trial.to} runs and is well; ${trial.from} is kept for the way back.`);
    return 'kept';
  }
  say(`${trial.to} is taken back: ${ailment}`);
  await slots.switchTo(trial.from);
  await slots.endTrial();
  await machine.restart();
  await slots.keepOnly([trial.from]);
  return 'rolled back';
}
