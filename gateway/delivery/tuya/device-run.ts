import type { BatchItem } from '../../../contracts/sink.ts';
import { tell } from '../../observability/channels.ts';
import { mergeParts, type ReportPart, type Step } from './coalesce.ts';
import { devicesPath, type Admission, type DeviceBook } from './devices.ts';
import type { Answer, Refusal } from './envelope.ts';
import type { ErrorClass } from './error-classes.ts';
import type { WriteRound } from './write-round.ts';

/** Classes that concern one message of a call, not all of them. */
const divisible: ReadonlySet<ErrorClass> = new Set(['input', 'unsupported', 'duplicate', 'unknown']);

/** One device's part of a write: its steps, done in order until one has to be kept. */
export class DeviceRun {
  readonly device: string;
  readonly #gateway: string;
  readonly #items: readonly BatchItem[];
  readonly #round: WriteRound;
  readonly #book: DeviceBook;
  #steps: readonly Step[];
  #cloudId = '';
  #stopped = false;
  /** Cures (registering again, going online) are tried once in a write. */
  #cured = false;

  constructor(items: readonly BatchItem[], steps: readonly Step[], round: WriteRound, book: DeviceBook) {
    const [first] = items;
    this.device = first?.message.dev.id ?? '';
    this.#gateway = first?.message.gw ?? '';
    this.#items = items;
    this.#steps = steps;
    this.#round = round;
    this.#book = book;
  }

  get cloudId(): string {
    return this.#cloudId;
  }

  get open(): boolean {
    return !this.#stopped && !this.#round.halted && this.#steps.length > 0;
  }

  /** The reports that come next, up to the next step of another kind. */
  nextReports(): readonly ReportPart[] {
    const parts: ReportPart[] = [];
    for (const step of this.#steps) {
      if (step.as !== 'report') break;
      parts.push(...step.parts);
    }
    return parts;
  }

  /** Takes the first `count` of `nextReports` off: they were settled otherwise. */
  skipReports(count: number): void {
    let left = count;
    while (left > 0) {
      const [step, ...later] = this.#steps;
      if (step?.as !== 'report') return;
      this.#steps = step.parts.length > left ? [{ as: 'report', parts: step.parts.slice(left) }, ...later] : later;
      left -= step.parts.length;
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Registers the device if need be; without success nothing of it is sent. */
  async enter(): Promise<void> {
    const admission = await this.#book.admit(this.#gateway, this.device, this.#round.signal);
    if (admission.is === 'ready' && admission.fresh) {
      this.#cloudId = admission.cloudId;
      await this.#setOnline(true);
    }
    this.#take(admission);
  }

  /** Does steps one by one: the next report or what precedes it when `one`, else all that are left. */
  async run(one = false): Promise<void> {
    while (this.open) {
      const [step, ...later] = this.#steps;
      if (step === undefined) return;
      this.#steps = later;
      if (!(await this.#do(step))) this.#stopped = true;
      if (one) return;
    }
  }

  #take(admission: Admission): void {
    if (admission.is === 'ready') this.#cloudId = admission.cloudId;
    else if (admission.is === 'rejected') {
      this.#round.reject(this.#items, 'TUYA_DEVICE_REJECTED', admission.reason);
      this.#stopped = true;
    } else {
      this.#round.refuse(this.#items, admission.refusal);
      this.#stopped = true;
    }
  }

  async #do(step: Step): Promise<boolean> {
    switch (step.as) {
      case 'report':
        return this.#report(step.parts);
      case 'event':
        return this.#finish([step.item], () => this.#post('event', 'event/report', [step.item], step.data));
      case 'presence':
        return this.#finish([step.item], () => this.#setOnline(step.online, step.item));
      case 'registration':
        // The device is registered by now; what it says of itself has no place in this cloud.
        tell('dropped', { stage: 'delivery', reason: 'description', count: 1 });
        this.#round.accept([step.item]);
        return true;
      default:
        this.#round.reject([step.item], 'TUYA_PROJECTION', step.reason);
        return true;
    }
  }

  /**
   * A refused call of several messages does not say which was wrong: it is halved until it does. A duplicate names the
   * first message only, since that is whose id the call carries.
   */
  async #report(parts: readonly ReportPart[]): Promise<boolean> {
    const items = parts.map((part) => part.item);
    const { data, superseded } = mergeParts(parts);
    const answer = await this.#curing(() => this.#post('report', 'property/report', items, data));
    if (answer.ok) {
      if (superseded > 0) tell('dropped', { stage: 'delivery', reason: 'coalesced', count: superseded });
      this.#round.accept(items);
      return true;
    }
    if (parts.length === 1 || !divisible.has(answer.class)) return this.#refused(items, answer);
    const cut = answer.class === 'duplicate' ? 1 : Math.ceil(parts.length / 2);
    if (answer.class === 'duplicate') this.#round.accept(items.slice(0, 1));
    else if (!(await this.#report(parts.slice(0, cut)))) return false;
    return !this.#round.halted && this.#report(parts.slice(cut));
  }

  async #finish(items: readonly BatchItem[], call: () => Promise<Answer>): Promise<boolean> {
    const answer = await this.#curing(call);
    if (!answer.ok) return this.#refused(items, answer);
    this.#round.accept(items);
    return true;
  }

  async #refused(items: readonly BatchItem[], refusal: Refusal): Promise<boolean> {
    if (refusal.class !== 'device') return this.#round.refuse(items, refusal);
    this.#take(await this.#book.reject(this.#gateway, this.device, refusal));
    return false;
  }

  /** Cures an unknown device (2010) by registering it again and an offline one (2001) by taking it online, once. */
  async #curing(call: () => Promise<Answer>): Promise<Answer> {
    const answer = await call();
    if (answer.ok || this.#cured || (answer.class !== 'gone' && answer.class !== 'offline')) return answer;
    this.#cured = true;
    tell('retried', { stage: 'delivery', reason: answer.class });
    if (answer.class === 'offline') {
      const online = await this.#setOnline(true);
      return online.ok ? call() : online;
    }
    await this.#book.forget(this.#gateway, this.device);
    const admission = await this.#book.admit(this.#gateway, this.device, this.#round.signal);
    if (admission.is === 'wait') return admission.refusal;
    if (admission.is === 'rejected') return { ok: false, class: 'device', ...admission };
    this.#cloudId = admission.cloudId;
    return call();
  }

  #setOnline(online: boolean, because?: BatchItem): Promise<Answer> {
    const target = `${devicesPath}/${this.#cloudId}/${online ? 'online' : 'offline'}`;
    const keys = because === undefined ? [] : [because.message.id];
    return this.#round.call('status', { method: 'PUT', target, payload: '{}', keys });
  }

  #post(api: 'report' | 'event', path: string, items: readonly BatchItem[], data: unknown): Promise<Answer> {
    const keys = items.map((item) => item.message.id);
    const target = `${devicesPath}/${this.#cloudId}/${path}`;
    return this.#round.call(api, { method: 'POST', target, payload: JSON.stringify({ msg_id: keys[0], data }), keys });
  }
}
