import type { Devices } from './core/devices.ts';
import type { Effect } from './core/engine.ts';
import type { Instance } from './core/instance.ts';
import { deedsOf, type Deed } from './deeds.ts';
import type { RaisedAlarm } from './tables.ts';

/** The alarms that each scope of each rule raised, and which case of it. */
export class RaisedBook {
  readonly #all = new Map<string, readonly RaisedAlarm[]>();

  of(rule: string, scope: string): readonly RaisedAlarm[] {
    return this.#all.get(`${rule}\n${scope}`) ?? [];
  }

  has(rule: string, scope: string, { code, subject }: Pick<RaisedAlarm, 'code' | 'subject'>): boolean {
    return this.of(rule, scope).some((one) => one.code === code && one.subject === subject);
  }

  set(rule: string, scope: string, raised: readonly RaisedAlarm[]): void {
    if (raised.length > 0) this.#all.set(`${rule}\n${scope}`, raised);
    else this.#all.delete(`${rule}\n${scope}`);
  }

  note({ rule, scope }: Instance, deed: Deed, ofCase: number): void {
    if (deed.do !== 'raise' && deed.do !== 'clear') return;
    const { code, subject } = deed;
    const rest = this.of(rule.id, scope).filter((one) => one.code !== code || one.subject !== subject);
    this.set(rule.id, scope, deed.do === 'raise' ? [...rest, { code, subject, case: ofCase }] : rest);
  }
}

/** What a firing shall do: alarms of the case that is left are over, unless the next one raises them too. */
export function planned(effect: Effect & { is: 'fired' }, raised: RaisedBook, devices: Devices): Deed[] {
  const { instance, from, to } = effect;
  const { cases, otherwise, id } = instance.rule;
  const next = deedsOf(to >= 0 ? (cases[to]?.actions ?? []) : otherwise, effect, devices);
  const isRaised = (code: string, subject: string): boolean =>
    next.some((deed) => deed.do === 'raise' && deed.code === code && deed.subject === subject);
  const over = raised
    .of(id, instance.scope)
    .flatMap(({ code, subject, case: ofCase }): Deed[] =>
      ofCase === from && !isRaised(code, subject) ? [{ do: 'clear', code, subject }] : [],
    );
  return [...over, ...next];
}
