import type { TestContext } from 'node:test';

/** What came out of the cases of a property. Printed in one way, so that a run says how much it has tried. */
export class Outcomes<Outcome extends string | number> {
  readonly #counts = new Map<Outcome, number>();

  add(outcome: Outcome): void {
    this.#counts.set(outcome, this.of(outcome) + 1);
  }

  of(outcome: Outcome): number {
    return this.#counts.get(outcome) ?? 0;
  }

  get cases(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  print(t: Pick<TestContext, 'diagnostic'>): void {
    const each = [...this.#counts].map(([outcome, count]) => `${count} ${outcome}`);
    t.diagnostic(`${this.cases} cases: ${each.join(', ')}`);
  }
}
