import type { CommandDesk, CommandState, CommandStatus, NewCommand } from '../../contracts/command.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Core } from './core.ts';
import { withValue } from './edit.ts';
import { isOwn, plansFor } from './plan.ts';
import { ended, type Twin, type Wish } from './twin.ts';

/** A wish waits for its device this long, the longest that a command may. */
const patienceMs = 7 * 86_400_000;
/** After a command could not be handed over. */
const againMs = 5_000;

const final: ReadonlySet<CommandState> = new Set(['acked', 'failed', 'expired']);

/** Brings pending wishes to their devices, by one command each. Disposing waits for what is being handed over. */
export interface Drive extends AsyncDisposable {
  /** Looks at the wishes of some twins anew; resolves when every one that is pending has its command. */
  go(twins: Iterable<Twin>): Promise<void>;
}

export function openDrive(core: Core, desk: CommandDesk): Drive {
  const handed = new WeakMap<Twin, Set<string>>();
  const due = new Set<Twin>();
  let running: Promise<void> | undefined;
  let closed = false;

  const withdraw = (): void => desk.withdraw((command) => isUnwanted(core, command));
  const end = async (twin: Twin, command: string, status: Omit<CommandStatus, 'id' | 'device' | 'name' | 'source'>) => {
    const { state, code, detail } = status;
    if (state !== 'acked' && state !== 'failed' && state !== 'expired') return;
    const traces = core.traces();
    traces.collect(twin, (note) => ended(twin, { command, state, code, detail }, note));
    await core.save(traces);
  };
  /** A command of somebody else is looked at, not sent. */
  const follow = async (twin: Twin, command: string): Promise<void> => {
    const lost = { state: 'failed', code: 'OUTCOME_UNKNOWN', detail: 'Nobody remembers the command.' } as const;
    await end(twin, command, (await desk.status(command)) ?? lost);
  };
  const submit = async (twin: Twin, command: string, wishes: readonly (readonly [string, Wish])[]): Promise<void> => {
    const { device } = twin;
    const wanted = commandFor(device, command, wishes);
    if (wanted === undefined) return;
    try {
      const status = await desk.submit(wanted);
      // The wish may have changed while its command was handed over.
      if (isUnwanted(core, { id: command, device })) withdraw();
      if (final.has(status.state)) await end(twin, command, status);
    } catch (error) {
      if (!(error instanceof PortcullisError) || error.code !== 'COMMAND_INVALID') throw error;
      await end(twin, command, { state: 'failed', code: error.code, detail: error.message.slice(0, 1_000) });
    }
  };
  const handOver = async (twin: Twin): Promise<void> => {
    const pending = [...twin.wishes].filter(([, { state }]) => state === 'pending');
    const byCommand = Map.groupBy(pending, ([, { command }]) => command ?? '');
    const before = handed.get(twin);
    const now = new Set<string>();
    handed.set(twin, now);
    for (const [command, wishes] of byCommand) {
      now.add(command);
      if (before?.has(command)) continue;
      try {
        await (isOwn(command) ? submit(twin, command, wishes) : follow(twin, command));
      } catch (err) {
        now.delete(command);
        core.log.warn({ err, device: twin.device }, 'a wish could not be handed to the commands; trying again');
        setTimeout(() => void go([twin]), againMs).unref();
      }
    }
  };
  const run = async (): Promise<void> => {
    // So that it is under way before it can end.
    await Promise.resolve();
    for (const twin of due) {
      due.delete(twin);
      if (!closed) await handOver(twin);
    }
    running = undefined;
  };
  const go = async (twins: Iterable<Twin>): Promise<void> => {
    if (closed) return;
    for (const twin of twins) due.add(twin);
    withdraw();
    running ??= run();
    await running;
  };

  return {
    go,
    async [Symbol.asyncDispose]() {
      closed = true;
      await running;
    },
  };
}

function commandFor(device: string, id: string, wishes: readonly (readonly [string, Wish])[]): NewCommand | undefined {
  const by = wishes[0]?.[1].by ?? 'api';
  const [plan] = plansFor(withValue(new Map(wishes.map(([metric, { value }]) => [metric, value]))));
  if (plan === undefined) return undefined;
  const { name, args } = plan;
  const source = by === 'device' || by === 'gateway' ? 'api' : by;
  return { id, device, name, args, source, priority: 4, ttlMs: patienceMs };
}

/** A command of ours whose wish was changed, or came true by itself. */
function isUnwanted({ book }: Core, { id, device }: { readonly id: string; readonly device: string }): boolean {
  if (!isOwn(id)) return false;
  const wishes = [...(book.get(device)?.wishes.values() ?? [])];
  return !wishes.some(({ state, command }) => state === 'pending' && command === id);
}
