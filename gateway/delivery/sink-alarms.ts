import { tell } from '../observability/channels.ts';

const loopAlarms = ['SINK_OUTAGE', 'SINK_STOPPED'];

/** The alarms that one sink has raised; each is told once when it comes and once when it goes. */
export class SinkAlarms {
  readonly #subject: string;
  readonly #active = new Map<string, string>();

  constructor(subject: string) {
    this.#subject = subject;
  }

  /** With `pauses` it is why nothing is sent, and the delivery loop's own alarms about that need not be shown as well. */
  raise(code: string, detail: string, { pauses = false } = {}): void {
    if (this.#active.has(code)) return;
    this.#active.set(code, detail);
    tell('alarm', { code, subject: this.#subject, active: true, detail, ...(pauses && { explains: loopAlarms }) });
  }

  clear(code: string): void {
    const detail = this.#active.get(code);
    if (detail === undefined) return;
    this.#active.delete(code);
    tell('alarm', { code, subject: this.#subject, active: false, detail });
  }

  clearOthers(...kept: readonly string[]): void {
    for (const code of this.#active.keys()) if (!kept.includes(code)) this.clear(code);
  }
}
