/** Things by the time at which they fall due; a thing that was entered again counts with its latest time only. */
export class DueQueue<Item extends { due: number }> {
  #heap: { readonly at: number; readonly item: Item }[] = [];
  #sweepAt = 1_024;

  /** The earliest time; undefined when nothing falls due. */
  get next(): number | undefined {
    this.#dropOutdated();
    return this.#heap[0]?.at;
  }

  enter(item: Item): void {
    if (item.due === Infinity) return;
    if (this.#heap.length >= this.#sweepAt) this.#sweep();
    this.#heap.push({ at: item.due, item });
    for (let i = this.#heap.length - 1; i > 0;) {
      const parent = (i - 1) >> 1;
      if (!this.#swapIfEarlier(i, parent)) break;
      i = parent;
    }
  }

  /** Takes one that is due out. */
  take(now: number): Item | undefined {
    this.#dropOutdated();
    const first = this.#heap[0];
    if (first === undefined || first.at > now) return undefined;
    this.#drop();
    return first.item;
  }

  /** Timers that were set and set again leave entries behind that count no more. */
  #sweep(): void {
    const live = new Map(this.#heap.filter(({ at, item }) => at === item.due).map((entry) => [entry.item, entry]));
    // What is sorted is a heap.
    this.#heap = [...live.values()].toSorted((one, other) => one.at - other.at);
    this.#sweepAt = Math.max(1_024, this.#heap.length * 2);
  }

  #dropOutdated(): void {
    for (let first = this.#heap[0]; first !== undefined && first.at !== first.item.due; first = this.#heap[0])
      this.#drop();
  }

  #drop(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    for (let i = 0; ;) {
      const [left, right] = [2 * i + 1, 2 * i + 2];
      const child = (this.#heap[right]?.at ?? Infinity) < (this.#heap[left]?.at ?? Infinity) ? right : left;
      if (child >= this.#heap.length || !this.#swapIfEarlier(child, i)) return;
      i = child;
    }
  }

  #swapIfEarlier(child: number, parent: number): boolean {
    const [one, other] = [this.#heap[child], this.#heap[parent]];
    if (one === undefined || other === undefined || one.at >= other.at) return false;
    this.#heap[child] = other;
    this.#heap[parent] = one;
    return true;
  }
}
