/** One whose reading can be stopped and started again. */
interface Reader {
  wake(): void;
}

/**
 * How much the gateway holds that is not committed yet. Above the limit no connection is read, until a quarter of it
 * is free again. `hold` stops all reading while the store fails.
 */
export class Intake {
  readonly #maxBytes: number;
  readonly #waiting = new Set<Reader>();
  #bytes = 0;
  #messages = 0;
  #isFull = false;
  #isHeld = false;
  #isStopped = false;
  #onIdle: (() => void) | undefined;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get messages(): number {
    return this.#messages;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isOpen(): boolean {
    return !this.#isFull && !this.#isHeld && !this.#isStopped;
  }

  add(bytes: number): void {
    this.#messages++;
    this.#bytes += bytes;
    if (this.#bytes >= this.#maxBytes) this.#isFull = true;
  }

  remove(bytes: number): void {
    this.#messages--;
    this.#bytes -= bytes;
    if (this.#isFull && this.#bytes <= this.#maxBytes * 0.75) {
      this.#isFull = false;
      this.#wakeAll();
    }
    if (this.#messages === 0) this.#onIdle?.();
  }

  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#wakeAll();
  }

  /** Nothing is read any more. */
  stop(): void {
    this.#isStopped = true;
  }

  /** The reader is woken once, when reading may go on. */
  wait(reader: Reader): void {
    this.#waiting.add(reader);
  }

  forget(reader: Reader): void {
    this.#waiting.delete(reader);
  }

  /** Resolves when nothing is pending any more, or after the time. */
  async idle(timeoutMs: number): Promise<void> {
    if (this.#messages === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onIdle = resolve;
    const timer = setTimeout(resolve, timeoutMs);
    await promise;
    clearTimeout(timer);
    this.#onIdle = undefined;
  }

  #wakeAll(): void {
    if (!this.isOpen) return;
    const readers = [...this.#waiting];
    this.#waiting.clear();
    for (const reader of readers) reader.wake();
  }
}
