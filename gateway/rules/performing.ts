import type { Firing, FiringDeed } from '../../contracts/rule-shown.ts';
import { shownDeed, type Deed } from './deeds.ts';
import { doOne } from './do-one.ts';
import type { RuleDeps } from './options.ts';
import { aged, outdated, type OwedFiring } from './owed.ts';
import type { RaisedBook } from './raised.ts';
import { isOn, type RuleBook } from './rule-book.ts';
import { firingWrites } from './tables.ts';
import { turns } from './turns.ts';

interface PerformingParts {
  readonly deps: RuleDeps;
  readonly book: RuleBook;
  readonly raised: RaisedBook;
  readonly livedMs: () => number;
}

/** Does what firings ask for, and writes down what became of it. The deeds of a scope keep the order of its firings. */
export interface Performing {
  perform(firing: Firing, deeds: readonly Deed[]): Promise<void>;
  /** Does again what an earlier life owed, as far as it is still meant. */
  redo(firing: OwedFiring): Promise<void>;
}

export function openPerforming({ deps, book, raised, livedMs }: PerformingParts): Performing {
  const inTurn = turns();
  /** Alarms take what is asked of them in its order, and need not wait for commands, which a full disk holds. */
  const begin = (deed: Deed, { rule, scope }: Firing): Promise<FiringDeed> =>
    deed.do === 'command' ? inTurn(`${rule}\n${scope}`, () => doOne(deed, rule, deps)) : doOne(deed, rule, deps);
  const finish = async (firing: Firing, doing: readonly Promise<FiringDeed>[]): Promise<void> => {
    await Promise.allSettled(doing);
    const did = await Promise.all(doing);
    await deps.store.write(firingWrites({ ...firing, did }, false, book.size));
  };
  const beginAgain = (deed: Deed, firing: Firing, ageMs: number): Promise<FiringDeed> => {
    const why = outdated(deed, firing, { ageMs, isOn: isOn(book.get(firing.rule)), raised });
    if (why === undefined) return begin(aged(deed, ageMs), firing);
    return Promise.resolve({ ...shownDeed(deed), outcome: 'not-tried', detail: why });
  };
  return {
    perform(firing, deeds) {
      const doing = deeds.map((deed) => begin(deed, firing));
      return finish(firing, doing);
    },
    redo({ owed = [], lived = -Infinity, ...firing }) {
      const doing = owed.map((deed) => beginAgain(deed, firing, livedMs() - lived));
      return finish(firing, doing);
    },
  };
}
