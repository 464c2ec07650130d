import type { TableStore } from '../../contracts/table-set.ts';
import { twinOf } from './tables.ts';
import { newTwin, type Twin } from './twin.ts';

/** The twins, in memory as they are on disk or about to be. */
export interface TwinBook {
  readonly size: number;
  get(device: string): Twin | undefined;
  /** The twin of a device, a new one where there is none. */
  of(device: string): Twin;
  all(): Iterable<Twin>;
  /** Takes a twin out; the version that no later twin may go below. */
  drop(twin: Twin): number;
}

export async function loadTwins(store: TableStore): Promise<TwinBook> {
  const [rows, [lowest]] = await Promise.all([store.read('twin.all', []), store.read('twin.floor', [])]);
  const twins = new Map(rows.map((row) => [String(row['device']), twinOf(row)]));
  let floor = Number(lowest?.['version'] ?? 0);
  return {
    get size() {
      return twins.size;
    },
    get: (device) => twins.get(device),
    of(device) {
      const known = twins.get(device) ?? newTwin(device, floor);
      twins.set(device, known);
      return known;
    },
    all: () => twins.values(),
    drop({ device, version, changes }) {
      twins.delete(device);
      floor = Math.max(floor, version + 1, changes);
      return floor;
    },
  };
}
