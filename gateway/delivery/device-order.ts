import type { BatchItem, Verdict } from '../../contracts/sink.ts';

/** One batch on its way. `decided` resolves once every item has its verdict. */
export interface Voyage {
  readonly decided: Promise<void>;
  /** Items whose device is not under way in an earlier batch: these may go now. */
  readonly free: readonly BatchItem[];
  /** Items that must wait for `earlier`. */
  readonly held: readonly BatchItem[];
  readonly earlier: Promise<unknown>;
  /** Splits held items, once `earlier` has resolved: an item whose predecessor was kept must not overtake it. */
  afterEarlier(): { readonly go: readonly BatchItem[]; readonly keep: readonly BatchItem[] };
  /** Tells the verdicts, in the order of the batch; later batches go on. */
  decide(verdicts: readonly Verdict[]): void;
}

interface Record {
  readonly devices: ReadonlySet<string>;
  readonly decided: Promise<void>;
  /** The first kept place in the log of each device. */
  readonly keptAt: Map<string, number>;
}

/**
 * Keeps the order of each device inside one lane while several batches are in flight: what follows a record of the
 * same device waits until that record's verdict is known. Bounded by the number of batches in flight.
 */
export class DeviceOrder {
  readonly #underWay = new Set<Record>();

  embark(items: readonly BatchItem[]): Voyage {
    const { promise, resolve } = Promise.withResolvers<void>();
    const mine: Record = { devices: new Set(items.map(deviceOf)), decided: promise, keptAt: new Map() };
    const before = [...this.#underWay].filter((other) => !other.devices.isDisjointFrom(mine.devices));
    this.#underWay.add(mine);
    const mustWait = (item: BatchItem): boolean => before.some((other) => other.devices.has(deviceOf(item)));
    const held = items.filter(mustWait);
    return {
      decided: promise,
      free: items.filter((item) => !mustWait(item)),
      held,
      earlier: Promise.all(before.map((other) => other.decided)),
      afterEarlier: () => {
        const overtakes = (item: BatchItem): boolean =>
          before.some((other) => (other.keptAt.get(deviceOf(item)) ?? Infinity) < item.lsn);
        return { go: held.filter((item) => !overtakes(item)), keep: held.filter(overtakes) };
      },
      decide: (verdicts) => {
        items.forEach((item, index) => {
          const device = deviceOf(item);
          if (verdicts[index]?.is === 'keep' && !mine.keptAt.has(device)) mine.keptAt.set(device, item.lsn);
        });
        this.#underWay.delete(mine);
        resolve();
      },
    };
  }
}

const deviceOf = (item: BatchItem): string => item.message.dev.id;
