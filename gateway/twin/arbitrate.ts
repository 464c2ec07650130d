import type { CommandDesk, CommandStatus, NewCommand } from '../../contracts/command.ts';
import { resultMessage } from '../lib/result-message.ts';
import type { Core } from './core.ts';
import { enterWishes } from './edit.ts';
import { meant, wantedBy } from './plan.ts';
import { isOutdated, refuse, type Edit, type Twin } from './twin.ts';

/** Commands that lost, remembered for sources that ask again. */
const maxRefused = 1_000;

/**
 * The commands as their sources see them: what they ask of a metric that a twin holds is a wish too. One that comes late,
 * because the way to its source was cut, is held against what was asked for, and what the device did, since it was made:
 * the later wins, per metric. The loser is in the history, and its source is told by a result with CONFLICT.
 */
export function arbitrate<Desk extends CommandDesk>(core: Core, desk: Desk): Desk {
  const refused = new Map<string, CommandStatus>();

  const refuseAll = async (twin: Twin, command: NewCommand, edits: readonly Edit[]): Promise<CommandStatus> => {
    const { id, device, name, source, origin } = command;
    const detail = `${edits.map(({ metric }) => metric).join(', ')} changed here after this was asked for.`;
    const end = { name, source, ...(origin && { origin }), state: 'failed', code: 'CONFLICT', detail } as const;
    const status: CommandStatus = { id, device, ...end };
    const traces = core.traces();
    traces.collect(twin, (note) => edits.forEach((edit) => refuse(twin, edit, note)));
    const src = { proto: 'gateway', topic: 'twin' };
    const measurements = [resultMessage(device, src, { command: id, ...end }, Math.trunc(core.clock.wallMs()))];
    await core.commit({ measurements, filtered: [], deadLetters: [], writes: [] }, traces, core.append);
    refused.set(id, status);
    const [oldest] = refused.keys();
    if (refused.size > maxRefused && oldest !== undefined) refused.delete(oldest);
    return status;
  };
  const enter = async (twin: Twin, edits: readonly Edit[], status: CommandStatus): Promise<void> => {
    const isOver = status.state === 'acked' || status.state === 'failed' || status.state === 'expired';
    const fresh = edits.filter(({ metric }) => twin.wishes.get(metric)?.command !== status.id);
    if (isOver || fresh.length === 0) return;
    const traces = core.traces();
    const underWay = desk.underWay(twin.device);
    traces.collect(twin, (note) => enterWishes(twin, fresh, { underWay, when: core.when(), note }));
    // The command is durable already: what is lost here is saved with the next change.
    await core.save(traces).catch((err: unknown) => core.log.warn({ err }, 'a wish could not be stored yet'));
  };
  const submit = async ({ ageMs = 0, ...command }: NewCommand): Promise<CommandStatus> => {
    const { id, device, source: by } = command;
    const lost = refused.get(id);
    if (lost !== undefined) return lost;
    const life = core.directory.find(device)?.lifeCycle;
    const wanted = life === undefined || life === 'DECOMMISSIONED' ? [] : wantedBy(command);
    if (wanted.length === 0 || (await desk.status(id)) !== undefined) return desk.submit(command);
    const twin = core.book.of(device);
    const edits = wanted.flatMap(([named, value, arg]) => {
      const metric = meant(twin, named);
      return metric === undefined ? [] : [{ metric, value, by, ageMs, command: id, arg }];
    });
    const outdated = edits.filter((edit) => isOutdated(twin, edit, core.when()));
    if (outdated.length > 0 && outdated.length === wanted.length) return refuseAll(twin, command, outdated);
    const traces = core.traces();
    traces.collect(twin, (note) => outdated.forEach((edit) => refuse(twin, edit, note)));
    await core.save(traces);
    const gone = new Set(outdated.map(({ arg }) => arg));
    const args = Object.fromEntries(Object.entries(command.args).filter(([arg]) => !gone.has(arg)));
    const status = await desk.submit({ ...command, args });
    await enter(
      twin,
      edits.filter((edit) => !outdated.includes(edit)),
      status,
    );
    return status;
  };

  return { ...desk, submit, status: async (id) => refused.get(id) ?? desk.status(id) };
}
