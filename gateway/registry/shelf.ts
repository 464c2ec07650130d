/** Something with an id and a version that grows by one with each change. */
interface Versioned {
  readonly id: string;
  readonly version: number;
}

/** What became of one subject in a draft; `value` is absent when it was deleted. */
export interface Changed<T> {
  readonly id: string;
  readonly version: number;
  readonly op: 'created' | 'updated' | 'deleted';
  readonly value: T | undefined;
}

/**
 * The subjects of one kind, by id. A shelf over another one is an edit in the making: it hides what is below and is
 * merged into it, or thrown away. A subject that comes again after a deletion goes on with higher versions, because
 * `floor` remembers the highest version that a deletion had: one number instead of a row per grave.
 */
export class Shelf<T extends Versioned> {
  readonly #below: Shelf<T> | undefined;
  readonly #own = new Map<string, T | undefined>();
  #size: number;
  #floor: number;

  constructor(below?: Shelf<T>, floor = 0) {
    this.#below = below;
    this.#size = below?.size ?? 0;
    this.#floor = below?.floor ?? floor;
  }

  get size(): number {
    return this.#size;
  }

  get floor(): number {
    return this.#floor;
  }

  get(id: string): T | undefined {
    return this.#own.has(id) || this.#below === undefined ? this.#own.get(id) : this.#below.get(id);
  }

  /** Puts a subject with the version that follows the one below, however often it is put in this shelf. */
  put(value: Omit<T, 'version'> & { readonly id: string }): T {
    const { id } = value;
    const version = (this.#below?.get(id)?.version ?? this.#floor) + 1;
    const versioned = { ...value, version } as unknown as T;
    this.#set(id, versioned);
    return versioned;
  }

  delete(id: string): void {
    const known = this.#below?.get(id);
    if (known !== undefined) this.#floor = Math.max(this.#floor, known.version + 1);
    this.#set(id, undefined);
  }

  *values(): Generator<T> {
    if (this.#below !== undefined) {
      for (const value of this.#below.values()) if (!this.#own.has(value.id)) yield value;
    }
    for (const value of this.#own.values()) if (value !== undefined) yield value;
  }

  *changes(): Generator<Changed<T>> {
    for (const [id, value] of this.#own) {
      const before = this.#below?.get(id);
      if (value !== undefined) {
        yield { id, version: value.version, op: before === undefined ? 'created' : 'updated', value };
      } else if (before !== undefined) yield { id, version: before.version + 1, op: 'deleted', value };
    }
  }

  /** Ids of what was put or deleted in this shelf. */
  touched(): string[] {
    return [...this.#own.keys()];
  }

  /** Takes over what a shelf over this one holds, with its versions. */
  merge(above: Shelf<T>): void {
    for (const [id, value] of above.#own) this.#set(id, value);
    this.#floor = above.#floor;
  }

  /** Becomes what another lowest shelf is. */
  reset(to: Shelf<T>): void {
    this.#own.clear();
    for (const [id, value] of to.#own) this.#own.set(id, value);
    this.#size = to.#size;
    this.#floor = to.#floor;
  }

  /** A subject as it is stored, for the lowest shelf. */
  load(value: T): void {
    this.#set(value.id, value);
  }

  #set(id: string, value: T | undefined): void {
    this.#size += (value === undefined ? 0 : 1) - (this.get(id) === undefined ? 0 : 1);
    if (value === undefined && this.#below === undefined) this.#own.delete(id);
    else this.#own.set(id, value);
  }
}
