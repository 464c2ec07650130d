import type { BatchItem } from '../../../contracts/sink.ts';

const allowed = 5;
const maxRemembered = 1_000;

/** Counts how often a record was refused for a reason that nobody knows, so that one record cannot block for ever. */
export class Strikes {
  readonly #counts = new Map<string, number>();

  /** Counts one more refusal of a call; true when its records have had their chances. Bounded: the oldest is forgotten. */
  out(items: readonly BatchItem[]): boolean {
    const id = items[0]?.message.id ?? '';
    const count = (this.#counts.get(id) ?? 0) + 1;
    this.#counts.delete(id);
    if (count >= allowed) return true;
    this.#counts.set(id, count);
    const oldest = this.#counts.size > maxRemembered ? this.#counts.keys().next().value : undefined;
    if (oldest !== undefined) this.#counts.delete(oldest);
    return false;
  }
}
