import type { CommandPort } from '../../../contracts/command.ts';
import type { BatchItem } from '../../../contracts/sink.ts';
import { tell } from '../../observability/channels.ts';
import { applyChange } from './apply-change.ts';
import type { Call } from './client.ts';
import { itemsOf, mergeParts, needsDevice, type ReportPart, type Step } from './coalesce.ts';
import { answerCall, type CommandAnswer } from './command-answer.ts';
import { isWhole } from './command-parts.ts';
import type { Admission, DeviceBook } from './devices.ts';
import type { Answer, Refusal } from './envelope.ts';
import type { ErrorClass } from './error-classes.ts';
import { tellLosses } from './losses.ts';
import { devicesPath, presenceCall } from './registration.ts';
import type { WriteRound } from './write-round.ts';

/** Classes that concern one message of a call, not all of them. */
const divisible: ReadonlySet<ErrorClass> = new Set(['input', 'unsupported', 'duplicate', 'unknown']);

export interface RunOptions {
  readonly gateway: string;
  readonly device: string;
  readonly steps: readonly Step[];
  readonly round: WriteRound;
  readonly book: DeviceBook;
  readonly commands: Pick<CommandPort, 'status'> | undefined;
}

/** One device's part of a write: its steps, done in order until one has to be kept. */
export class DeviceRun {
  readonly #o: RunOptions;
  #steps: readonly Step[];
  /** Empty until the cloud is known to know the device. */
  #cloudId = '';
  #stopped = false;
  /** Cures (registering again, going online) are tried once in a write. */
  #cured = false;

  constructor(options: RunOptions) {
    this.#o = options;
    this.#steps = options.steps;
  }

  get cloudId(): string {
    return this.#cloudId;
  }

  get open(): boolean {
    return !this.#stopped && !this.#o.round.halted && this.#steps.length > 0;
  }

  /** The reports that come next, up to the next step of another kind; none before the device has entered. */
  nextReports(): readonly ReportPart[] {
    const parts: ReportPart[] = [];
    if (this.#cloudId === '') return parts;
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

  /**
   * Registers the device if the next step needs it. Steps of a device that the cloud refuses are refused one by one
   * until one comes that is for the cloud all the same, such as its removal.
   */
  async enter(): Promise<void> {
    const { book, gateway, device, round } = this.#o;
    for (let [step] = this.#steps; this.open && step !== undefined && needsDevice(step); [step] = this.#steps) {
      if (this.#cloudId !== '') return;
      const admission = await book.admit(gateway, device, round.signal);
      if (admission.is === 'ready') {
        this.#cloudId = admission.cloudId;
        return;
      }
      if (!this.#refuse(itemsOf(step), admission)) return this.stop();
      this.#steps = this.#steps.slice(1);
    }
  }

  /** Does steps one by one: the next one when `one`, else all that are left. */
  async run(one = false): Promise<void> {
    for (await this.enter(); this.open; await this.enter()) {
      const [step, ...later] = this.#steps;
      if (step === undefined) return;
      this.#steps = later;
      if (!(await this.#do(step))) this.stop();
      if (one) return;
    }
  }

  #refuse(items: readonly BatchItem[], admission: Exclude<Admission, { is: 'ready' }>): boolean {
    if (admission.is === 'wait') return this.#o.round.refuse(items, admission.refusal);
    if (admission.is === 'removed') this.#o.round.reject(items, 'TUYA_DEVICE_REMOVED', 'the device was removed');
    else this.#o.round.reject(items, 'TUYA_DEVICE_REJECTED', admission.reason);
    return true;
  }

  async #do(step: Step): Promise<boolean> {
    const { round } = this.#o;
    switch (step.as) {
      case 'report':
        return this.#report(step.parts);
      case 'event':
        return this.#finish([step.item], () => this.#post('event', 'event/report', [step.item], step.data));
      case 'presence':
        return this.#presence(step);
      case 'change':
        return this.#change(step);
      case 'answer':
        return this.#answer(step.item, step.answer);
      case 'registration':
        // The device is registered by now; what it says of itself has no place in this cloud.
        return this.#skip(step.item, 'description');
      case 'skip':
        return this.#skip(step.item, step.why);
      default:
        round.reject([step.item], 'TUYA_PROJECTION', step.reason);
        return true;
    }
  }

  #skip(item: BatchItem, reason: string): boolean {
    tell('dropped', { stage: 'delivery', reason, count: 1 });
    this.#o.round.accept([item]);
    return true;
  }

  async #presence({ items, online }: Step & { as: 'presence' }): Promise<boolean> {
    const done = await this.#finish(items, () => this.#setOnline(online, items));
    if (done && items.length > 1) tell('dropped', { stage: 'delivery', reason: 'coalesced', count: items.length - 1 });
    return done;
  }

  async #change({ item, change }: Step & { as: 'change' }): Promise<boolean> {
    const { round, book, gateway, device } = this.#o;
    const call = (wish: Call): Promise<Answer> => round.call('register', wish);
    const apply = (): Promise<Answer> => applyChange(change, { book, gateway, device, signal: round.signal, call });
    const done = await this.#finish([item], apply);
    // Delivered, and no report: without this line nobody could compare what was delivered with what the cloud counts.
    if (done) tell('dropped', { stage: 'delivery', reason: 'registry', count: 1 });
    const known = await book.find(gateway, device);
    this.#cloudId = known.state === 'ACTIVATED' ? known.cloudId : '';
    return done;
  }

  /** A command that the cloud has forgotten meanwhile (1000) needs no answer any more. */
  async #answer(item: BatchItem, given: CommandAnswer): Promise<boolean> {
    const { round, commands } = this.#o;
    const answer = await isWhole(given, commands);
    if (answer === undefined) return this.#skip(item, 'part');
    const reply = await this.#curing(() => round.call('command', answerCall(answer, this.#cloudId)));
    if (!reply.ok && reply.code === '1000') return this.#skip(item, 'forgotten');
    if (!reply.ok) return this.#refused([item], reply);
    round.accept([item]);
    return true;
  }

  /**
   * A refused call of several messages does not say which was wrong: it is halved until it does. A duplicate names the
   * first message only, since that is whose id the call carries.
   */
  async #report(parts: readonly ReportPart[]): Promise<boolean> {
    const { round } = this.#o;
    const items = parts.map((part) => part.item);
    const { data, superseded } = mergeParts(parts);
    const answer = await this.#curing(() => this.#post('report', 'property/report', items, data));
    if (answer.ok) {
      if (superseded > 0) tell('dropped', { stage: 'delivery', reason: 'coalesced', count: superseded });
      tellLosses(parts);
      round.accept(items);
      return true;
    }
    if (parts.length === 1 || !divisible.has(answer.class)) return this.#refused(items, answer);
    const cut = answer.class === 'duplicate' ? 1 : Math.ceil(parts.length / 2);
    if (answer.class === 'duplicate') round.accept(items.slice(0, 1));
    else if (!(await this.#report(parts.slice(0, cut)))) return false;
    return !round.halted && this.#report(parts.slice(cut));
  }

  async #finish(items: readonly BatchItem[], call: () => Promise<Answer>): Promise<boolean> {
    const answer = await this.#curing(call);
    if (!answer.ok) return this.#refused(items, answer);
    this.#o.round.accept(items);
    return true;
  }

  async #refused(items: readonly BatchItem[], refusal: Refusal): Promise<boolean> {
    const { round, book, gateway, device } = this.#o;
    if (refusal.class !== 'device') return round.refuse(items, refusal);
    round.reject(items, 'TUYA_DEVICE_REJECTED', refusal.reason);
    await book.reject(gateway, device, refusal);
    this.#cloudId = '';
    return true;
  }

  /** Cures an unknown device (2010) by registering it again and an offline one (2001) by taking it online, once. */
  async #curing(call: () => Promise<Answer>): Promise<Answer> {
    const { book, gateway, device, round } = this.#o;
    const answer = await call();
    if (answer.ok || this.#cured || (answer.class !== 'gone' && answer.class !== 'offline')) return answer;
    this.#cured = true;
    tell('retried', { stage: 'delivery', reason: answer.class });
    if (answer.class === 'offline') {
      const online = await this.#setOnline(true);
      return online.ok ? call() : online;
    }
    await book.forget(gateway, device);
    const admission = await book.admit(gateway, device, round.signal);
    if (admission.is === 'wait') return admission.refusal;
    if (admission.is !== 'ready') return answer;
    this.#cloudId = admission.cloudId;
    return call();
  }

  #setOnline(online: boolean, because: readonly BatchItem[] = []): Promise<Answer> {
    const keys = because.map((item) => item.message.id);
    return this.#o.round.call('status', presenceCall(this.#cloudId, online, keys));
  }

  #post(api: 'report' | 'event', path: string, items: readonly BatchItem[], data: unknown): Promise<Answer> {
    const keys = items.map((item) => item.message.id);
    const target = `${devicesPath}/${this.#cloudId}/${path}`;
    const payload = JSON.stringify({ msg_id: keys[0], data });
    return this.#o.round.call(api, { method: 'POST', target, payload, keys });
  }
}
