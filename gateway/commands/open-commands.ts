import type { CommandDesk, CommandState, CommandStatus, NewCommand } from '../../contracts/command.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import type { LiveSubscriber } from '../../contracts/live.ts';
import { afterStart, openAgenda, type Agenda, type OpenCommand } from './agenda.ts';
import { Driver } from './driver.ts';
import { livedTime } from '../lib/lived-time.ts';
import { defaultBounds, type CommandDeps, type CommandOptions } from './options.ts';
import { openPresence, type Presence } from './presence.ts';
import { openLimits } from './limits.ts';
import { heard } from './proof.ts';
import { openRounds } from './rounds.ts';
import { addWrite, commandOf, statusOf, type Command } from './tables.ts';

export interface CommandQuery {
  readonly device?: string | undefined;
  readonly state?: string | undefined;
  readonly limit: number;
  /** `n` of the last one of the page before. */
  readonly before?: number | undefined;
}

/** Disposing sends nothing more and waits for what is being committed. */
export interface Commands extends CommandDesk, AsyncDisposable {
  /** How many are in each state that is not final. */
  open(): ReadonlyMap<CommandState, number>;
  /** Newest first; `next` goes on after the page. */
  list(
    query: CommandQuery,
  ): Promise<{ readonly commands: readonly CommandStatus[]; readonly next: number | undefined }>;
}

/** The commands on their way to devices. What was open when the last life ended goes on where it stood. */
export async function openCommands(options: CommandOptions, deps: CommandDeps): Promise<Commands> {
  const { store, clock, live } = deps;
  const bounds = { ...defaultBounds, ...options.bounds };
  const [[saved], [last], open, away, changes] = await Promise.all([
    store.read('commands.readClock', []),
    store.read('commands.last', []),
    store.read('commands.open', []),
    store.read('commands.readAway', []),
    store.read('commands.readChanges', []),
  ]);
  const time = livedTime(saved, clock, 'commands.putClock');
  const limits = openLimits(options.limits ?? { metrics: {}, commands: {} }, changes);
  const agenda = openAgenda(bounds);
  for (const command of open.map(commandOf)) {
    const { plugin, idempotent } = codecOf(command, deps) ?? { plugin: '', idempotent: false };
    agenda.add(afterStart(command, plugin, idempotent, time.now()));
  }
  deps.heed((device) => agenda.awaits(device));
  const gone = away.map(({ device }) => String(device));
  const presence = openPresence(options.quietMs, clock, gone);
  const driver = new Driver({ options, deps, bounds, time, agenda, presence });
  const seat = live.subscribe(witness(agenda, presence, driver));
  const rounds = openRounds(agenda, () => driver.lookAtAll());
  let n = Number(last?.['n'] ?? 0);
  const arriving = new Map<string, Promise<CommandStatus>>();

  const accept = async ({ ttlMs, ...wish }: NewCommand): Promise<CommandStatus> => {
    const before = await statusIn(store, wish.id);
    if (before !== undefined) return before;
    const codec = await checked(wish, deps);
    agenda.makeSure(wish.device);
    const counted = limits.admit(wish, time.now());
    n += 1;
    const command: Command = { ...wish, n, dueMs: time.now() + ttlMs, state: 'accepted', tries: 0 };
    const one: OpenCommand = { ...afterStart(command, codec.plugin, codec.idempotent, 0), busy: true };
    agenda.add(one);
    rounds.begin();
    try {
      await driver.commit([addWrite(command), ...counted, ...driver.trims(n)]);
    } catch (error) {
      agenda.remove(one);
      throw error;
    }
    options.onMoment?.('accepted', command.id);
    const accepted = statusOf(command);
    one.busy = false;
    driver.look(wish.device);
    return accepted;
  };

  return {
    submit(command) {
      const known = arriving.get(command.id);
      if (known !== undefined) return known;
      const accepting = accept(command).finally(() => arriving.delete(command.id));
      arriving.set(command.id, accepting);
      return accepting;
    },
    status: (id) => statusIn(store, id),
    open: () => agenda.count(),
    check: async (wish) => void (await checked(wish, deps)),
    underWay: (device) => agenda.of(device).map(({ command }) => command),
    withdraw: (isUnwanted) => driver.withdraw(isUnwanted),
    async list({ device, state, limit, before }) {
      const rows = await store.read('commands.list', [
        device ?? null,
        state ?? null,
        before ?? Number.MAX_SAFE_INTEGER,
        limit + 1,
      ]);
      const page = rows.slice(0, limit).map(commandOf);
      return { commands: page.map(statusOf), next: rows.length > limit ? page.at(-1)?.n : undefined };
    },
    async [Symbol.asyncDispose]() {
      rounds[Symbol.dispose]();
      seat[Symbol.dispose]();
      await Promise.allSettled(arriving.values());
      await driver.finish();
    },
  };
}

async function statusIn(store: CommandDeps['store'], id: string): Promise<CommandStatus | undefined> {
  const [row] = await store.read('commands.find', [id]);
  return row && statusOf(commandOf(row));
}

/** What devices say proves commands that went out to them, and tells who is there. */
function witness(agenda: Agenda, presence: Presence, driver: Driver): LiveSubscriber {
  return {
    name: 'commands',
    wants: ({ device, kind }) => kind === 'availability' || agenda.of(device).length > 0,
    take(message) {
      driver.keep(presence.note(message));
      const out = agenda.of(message.dev.id).find(({ awaited, said }) => awaited !== undefined && said === 'nothing');
      if (out?.awaited !== undefined) out.said = heard(message, out.awaited);
      driver.look(message.dev.id);
    },
  };
}

function codecOf({ device, name }: Pick<Command, 'device' | 'name'>, { plugins }: CommandDeps) {
  const proto = device.slice(0, Math.max(0, device.indexOf(':')));
  const plugin = plugins().find((one) => one.proto === proto);
  const command = plugin?.commands.find((one) => one.name === name);
  return plugin && command && { plugin: plugin.name, idempotent: command.idempotent };
}

/** The codec that can say it to the device. Rejects with COMMAND_INVALID where there is none. */
async function checked(wish: Pick<Command, 'device' | 'name' | 'args'>, deps: CommandDeps) {
  const codec = admissible(wish, deps);
  await deps.encode(codec.plugin, wish.name, { device: wish.device, args: wish.args });
  return codec;
}

function admissible(
  wish: Pick<Command, 'device' | 'name'>,
  deps: CommandDeps,
): { plugin: string; idempotent: boolean } {
  const device = deps.directory.find(wish.device);
  if (device === undefined || device.lifeCycle === 'DECOMMISSIONED') {
    throw new PortcullisError('COMMAND_INVALID', `There is no device "${wish.device}" at work here.`);
  }
  const codec = codecOf(wish, deps);
  if (codec !== undefined) return codec;
  throw new PortcullisError('COMMAND_INVALID', `The device "${wish.device}" has no command "${wish.name}".`);
}
