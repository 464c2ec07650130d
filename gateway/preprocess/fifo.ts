/** First in, first out, without moving what waits on each step. */
export interface Fifo<Item> {
  push(item: Item): void;
  peek(): Item | undefined;
  shift(): void;
  readonly length: number;
}

/** Items taken before the array is cut. */
const slack = 4_096;

export function fifo<Item>(): Fifo<Item> {
  let items: Item[] = [];
  let head = 0;
  return {
    push: (item) => void items.push(item),
    peek: () => items[head],
    shift() {
      head += 1;
      if (head < items.length && head <= slack) return;
      items = items.slice(head);
      head = 0;
    },
    get length() {
      return items.length - head;
    },
  };
}
