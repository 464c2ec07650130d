/** A record that waits although newer ones were settled. `hist` was decided when it was first lent. */
export interface Parked {
  readonly device: string;
  readonly hist: boolean;
}

/** What the next loan may hold of a device's parked records, in their order; `isAll` when no more are parked. */
export interface Turn {
  readonly device: string;
  readonly records: readonly (readonly [lsn: number, parked: Parked])[];
  readonly isAll: boolean;
}

/**
 * The records that one cursor has parked, and how many of each device go into a loan: one to try, then twice as many as
 * were settled the last time. What is kept again and again takes one place, and thousands that may go again are gone
 * within a few loans.
 */
export class Parking {
  readonly #records = new Map<number, Parked>();
  /** Whose turn was the longest ago stands first. */
  readonly #paces = new Map<string, number>();
  /** Devices that were kept for a reason of their own the last time. */
  readonly #resting = new Set<string>();

  get records(): ReadonlyMap<number, Parked> {
    return this.#records;
  }

  add(lsn: number, parked: Parked): void {
    this.#records.set(lsn, parked);
    if (!this.#paces.has(parked.device)) this.#paces.set(parked.device, 1);
  }

  /** Says whether the record was parked. */
  remove(lsn: number): boolean {
    return this.#records.delete(lsn);
  }

  /** A device had its turn: the far side settled so many of its records. */
  tried(device: string, settled: number, rests: boolean): void {
    if (this.#paces.delete(device)) this.#paces.set(device, Math.max(1, 2 * settled));
    if (rests) this.#resting.add(device);
    else this.#resting.delete(device);
  }

  /** The devices that have records here after it was asked, resting ones too. */
  devices(): Set<string> {
    return new Set(this.#paces.keys());
  }

  turns(isRestOver: boolean): Turn[] {
    const ofDevice = Map.groupBy(this.#records, ([, { device }]) => device);
    const turns: Turn[] = [];
    for (const [device, pace] of this.#paces) {
      const records = ofDevice.get(device);
      if (records === undefined) this.#forget(device);
      else if (isRestOver || !this.#resting.has(device)) {
        const inOrder = records.sort((a, b) => a[0] - b[0]);
        turns.push({ device, records: inOrder.slice(0, pace), isAll: records.length <= pace });
      }
    }
    return turns;
  }

  #forget(device: string): void {
    this.#paces.delete(device);
    this.#resting.delete(device);
  }
}
