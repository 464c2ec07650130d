import type { Firing } from '../../contracts/rule-shown.ts';
import type { Deed } from './deeds.ts';
import type { RaisedBook } from './raised.ts';

/** A firing with what is still to be done for it; `lived` is the lived time at which it was to be done. */
export interface OwedFiring extends Firing {
  readonly owed?: readonly Deed[];
  readonly lived?: number;
}

interface Circumstances {
  /** How long ago it was to be done. */
  readonly ageMs: number;
  /** The rule is there, and on. */
  readonly isOn: boolean;
  readonly raised: RaisedBook;
}

/** Why a deed that an earlier life owed is not meant any more; undefined where it is. */
export function outdated(
  deed: Deed,
  { rule, scope }: Pick<Firing, 'rule' | 'scope'>,
  { ageMs, isOn, raised }: Circumstances,
): string | undefined {
  if (deed.do === 'raise' || deed.do === 'clear') {
    const isRaised = raised.has(rule, scope, deed);
    return isRaised === (deed.do === 'raise') ? undefined : 'It was otherwise by then.';
  }
  if (!isOn) return 'The rule was removed or switched off.';
  return deed.do === 'command' && ageMs >= deed.command.ttlMs ? 'Its time was over.' : undefined;
}

/** A command has what is left of its time. */
export function aged(deed: Deed, ageMs: number): Deed {
  if (deed.do !== 'command') return deed;
  const { command } = deed;
  return { ...deed, command: { ...command, ttlMs: Math.max(100, command.ttlMs - ageMs) } };
}
