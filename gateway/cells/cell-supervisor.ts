import type { CellCall, CellDescription, CellFailure, CellRefusal, PluginCell } from '../../contracts/cell.ts';
import { tell } from '../observability/channels.ts';
import type { CallResult, Ending } from './cell-process.ts';
import { deviceGuard } from './device-guard.ts';
import type { HandlePorts } from './handles/handle-broker.ts';
import type { CellDeps, CellPlan } from './options.ts';
import { openProcessCell } from './process-cell.ts';
import type { ProcessCell, StartFault } from './process-cell.ts';
import { nextState, restartBudget } from './supervision.ts';
import type { CellEvent, CellState } from './supervision.ts';
import type { WireCall } from './wire.ts';

/** A plugin in a process that is replaced when it ends, until its restart budget is spent. */
export interface SupervisedCell extends PluginCell, AsyncDisposable {
  readonly state: CellState;
  /** Process of the current life; undefined while there is none. */
  readonly pid: number | undefined;
  /** From now on every process of the plugin gets its handles, until they are revoked by disposing what is returned. */
  begin(ports: HandlePorts): AsyncDisposable;
}

/**
 * Opens the cell of one plugin. Resolves with the fault when the first start fails: a plugin whose live shape is another
 * one never decodes. Later ends are handled here: restart with backoff, then quarantine with an alarm.
 */
export async function openCell(plan: CellPlan, deps: CellDeps): Promise<SupervisedCell | StartFault> {
  const first = await openProcessCell(plan, deps);
  return 'code' in first ? first : new Supervisor(plan, deps, first);
}

class Supervisor implements SupervisedCell {
  readonly name: string;
  readonly described: CellDescription;
  readonly #plan: CellPlan;
  readonly #deps: CellDeps;
  readonly #budget: ReturnType<typeof restartBudget>;
  readonly #guard: ReturnType<typeof deviceGuard>;
  #state: CellState = 'starting';
  #life = 0;
  #process: ProcessCell | undefined;
  #ports: HandlePorts | undefined;
  #timer: NodeJS.Timeout | undefined;
  #changed = Promise.withResolvers<void>();

  constructor(plan: CellPlan, deps: CellDeps, first: ProcessCell) {
    this.name = plan.name;
    this.described = first.described;
    this.#plan = plan;
    this.#deps = deps;
    this.#budget = restartBudget(plan.limits.restarts);
    this.#guard = deviceGuard(plan.device ?? [], deps.clock);
    this.#adopt(first);
  }

  get state(): CellState {
    return this.#state;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  async ready(): Promise<number | undefined> {
    while (this.#state === 'starting' || this.#state === 'restarting') await this.#changed.promise;
    return this.#state === 'running' ? this.#life : undefined;
  }

  async call(call: CellCall, life: number): ReturnType<PluginCell['call']> {
    const process = this.#process;
    if (process === undefined || life !== this.#life) return { is: 'crashed', detail: 'the process was replaced' };
    const refusal = call.is === 'encode' ? this.#guard.refuses(call) : undefined;
    if (refusal !== undefined) return refusal;
    const result = await process.call(wireCall(call));
    if (result.is === 'broken') return refused('PC-R204', result.detail);
    if (isAnswerTo(call, result)) return result.is === 'decoded' ? this.#guard.held(result) : result;
    // A process that mixes up its answers is not asked again; the end is booked like any other.
    await process[Symbol.asyncDispose]();
    return refused('PC-R204', 'an answer of another kind');
  }

  begin(ports: HandlePorts): AsyncDisposable {
    this.#ports = ports;
    this.#process?.begin(ports);
    return {
      [Symbol.asyncDispose]: async () => {
        this.#ports = undefined;
        await this.#process?.halt();
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#happened('close');
    clearTimeout(this.#timer);
    await this.#process?.[Symbol.asyncDispose]();
  }

  #happened(event: CellEvent): void {
    const next = nextState(this.#state, event);
    if (next === this.#state) return;
    this.#state = next;
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
  }

  #adopt(process: ProcessCell): void {
    this.#life += 1;
    this.#process = process;
    this.#happened('ready');
    if (this.#ports !== undefined) process.begin(this.#ports);
    void process.ended.then((ending) => {
      this.#process = undefined;
      if (this.#state !== 'closed') this.#lost(ending);
    });
  }

  #lost({ detail: why, violates }: Pick<Ending, 'detail' | 'violates'>): void {
    const { name } = this;
    const { onViolation, restarts } = this.#plan.limits;
    if (violates !== undefined && onViolation !== 'report') return this.#retire(`${why} (${violates})`, onViolation);
    const waitMs = this.#budget.book(this.#deps.clock.monoMs());
    if (waitMs === undefined) return this.#retire(`${why}, once too often`, restarts.after);
    tell('retried', { stage: 'cells', reason: 'restart' });
    this.#deps.log.warn({ plugin: name, why, waitMs }, 'the cell of a plugin ended and starts again');
    this.#happened('ended');
    this.#timer = setTimeout(() => void this.#restart(), waitMs);
  }

  /** No process follows in this life of the gateway, and after `quarantine` in no other. */
  #retire(why: string, how: 'stop' | 'quarantine'): void {
    const { name } = this;
    const until = {
      stop: 'It is tried again at the next start of the gateway.',
      quarantine: `It stays there until another version comes, or "portcullis plugin release ${name}".`,
    };
    const detail = `Plugin ${name} is quarantined: ${why}. Its messages become dead letters. ${until[how]}`;
    tell('alarm', { code: 'plugin_quarantined', subject: name, active: true, detail });
    this.#deps.log.error({ plugin: name }, detail);
    if (how === 'quarantine') this.#deps.onQuarantine?.(name, why);
    this.#happened('spent');
  }

  async #restart(): Promise<void> {
    this.#happened('due');
    const started = await openProcessCell(this.#plan, this.#deps, { again: true });
    if (this.#state === 'closed') {
      if ('call' in started) await started[Symbol.asyncDispose]();
    } else if ('code' in started) this.#lost({ detail: `${started.code}, ${started.detail}` });
    else this.#adopt(started);
  }
}

function wireCall(call: CellCall): WireCall {
  if (call.is !== 'decode') return call;
  const { transport, client, topic, retain, receivedAt, payload } = call.envelope;
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('base64');
  const envelope = { transport, client, topic, retain, receivedAt, payload: text };
  return { is: 'decode', envelope, teaches: call.teaches };
}

const answerOf = { know: 'known', claims: 'claims', decode: 'decoded', encode: 'encoded' } as const;

type Answer = Awaited<ReturnType<PluginCell['call']>>;

function isAnswerTo(call: CellCall, result: CallResult): result is CallResult & Answer {
  return ['refused', 'crashed', 'hung', answerOf[call.is]].includes(result.is);
}

function refused(code: string, detail: string): CellRefusal | CellFailure {
  return { is: 'refused', code, detail };
}
