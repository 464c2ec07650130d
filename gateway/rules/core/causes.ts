import type { Now } from './evaluate.ts';

/** Words of devices that rules set lately. */
const maxCauses = 2_000;
/** A device that changes so soon after a rule told it to is taken to do so because of that. */
const causeMs = 15_000;

/** What rules told devices lately, with how many firings stood behind it. */
export class Causes {
  readonly #latest = new Map<string, { readonly at: number; readonly depth: number }>();

  note(device: string, word: string, depth: number, now: Now): void {
    const key = `${device}\n${word}`;
    this.#latest.delete(key);
    this.#latest.set(key, { at: now.lived, depth });
    const [oldest] = this.#latest.keys();
    if (this.#latest.size > maxCauses && oldest !== undefined) this.#latest.delete(oldest);
  }

  /** How many firings stand behind what a device says now. */
  depthBehind(device: string, word: string, now: Now): number {
    if (this.#latest.size === 0) return 0;
    const cause = this.#latest.get(`${device}\n${word}`);
    return cause !== undefined && now.lived - cause.at < causeMs ? cause.depth : 0;
  }
}
