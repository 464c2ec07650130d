import type { CommandDesk, NewCommand } from '../../contracts/command.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import { mostTwinMetrics, type Origin, type TwinEdit } from '../../contracts/twin.ts';
import type { TwinValue } from '../../contracts/twin-words.ts';
import type { Core } from './core.ts';
import { commandId, isOwn, meant, plansFor, settable, wantedBy } from './plan.ts';
import { wish, type Edit, type Note, type Twin, type When, type Wish } from './twin.ts';

type UnderWay = readonly Pick<NewCommand, 'id' | 'name' | 'args'>[];

/**
 * Enters what a device shall be, and resolves when that is durable; the commands for it follow. What is asked for already
 * changes nothing, what failed is tried anew. Rejects with NOT_FOUND, CONFLICT, COMMAND_INVALID, or what the disk says;
 * then nothing was changed.
 */
export async function editTwin(
  core: Core,
  desk: Pick<CommandDesk, 'check' | 'underWay'>,
  { id, desired, version }: TwinEdit,
  by: Origin,
): Promise<void> {
  mustLive(core, id);
  const twin = core.book.of(id);
  mustBe(twin, version);
  const wanted = new Map(
    Object.entries(desired).map(([metric, value]) => [settable(twin, metric, value), value ?? undefined] as const),
  );
  if (new Set([...twin.wishes.keys(), ...wanted.keys()]).size > mostTwinMetrics) {
    throw new PortcullisError('COMMAND_INVALID', `A twin holds at most ${mostTwinMetrics} metrics.`);
  }
  for (const { name, args } of plansFor(withValue(wanted))) await desk.check({ device: id, name, args });
  // Others may have been here meanwhile.
  mustLive(core, id);
  mustBe(twin, version);

  const changed = [...wanted].filter(([metric, value]) => isNew(twin.wishes.get(metric), value));
  if (changed.length === 0) return;
  const edits = changed.map(([metric, value]) => ({ metric, value, by, ageMs: 0 }));
  const touched = [...wanted.keys(), ...companionsOf(twin, edits)];
  const before = new Map(touched.map((metric) => [metric, copyOf(twin.wishes.get(metric))] as const));
  const traces = core.traces();
  traces.collect(twin, (note) => enterWishes(twin, edits, { underWay: desk.underWay(id), when: core.when(), note }));
  const { version: made } = twin;
  if (core.act === 'before-commit') core.onMoment?.('wished', id);
  try {
    await core.save(traces, 'at once');
  } catch (error) {
    for (const [metric, old] of before) {
      if (twin.wishes.get(metric)?.version !== made) continue;
      if (old === undefined) twin.wishes.delete(metric);
      else twin.wishes.set(metric, old);
    }
    throw error;
  }
  core.onMoment?.('wished', id);
}

/**
 * Enters edits under one new version. A command goes out whole: what shares one with a wish that changes gets another.
 * `underWay`: commands of the device that have not ended.
 */
export function enterWishes(
  twin: Twin,
  edits: readonly Edit[],
  { underWay, when, note }: { readonly underWay: UnderWay; readonly when: When; readonly note: Note },
): void {
  const companions = companionsOf(twin, edits);
  twin.version += 1;
  const { version } = twin;
  for (const edit of edits) wish(twin, { ...edit, rivals: rivalsOf(twin, edit, underWay) }, when, note);
  for (const metric of companions) Object.assign(twin.wishes.get(metric) ?? {}, { command: undefined, version });
  assignCommands(twin);
}

/** What waits for a command of the twin together with a metric that is edited. */
function companionsOf(twin: Twin, edits: readonly Edit[]): string[] {
  const broken = new Set(edits.map(({ metric }) => twin.wishes.get(metric)?.command));
  return [...twin.wishes].flatMap(([metric, { state, command }]) => {
    const isBroken = state === 'pending' && command !== undefined && isOwn(command) && broken.has(command);
    return isBroken && !edits.some((edit) => edit.metric === metric) ? [metric] : [];
  });
}

/** Commands that bring the metric to another value: those under way, and that of the wish before, which may be about to. */
function rivalsOf(twin: Twin, { metric, value, command }: Edit, underWay: UnderWay): string[] {
  const before = twin.wishes.get(metric);
  const replaced = before?.state === 'pending' && before.value !== value ? before.command : undefined;
  const others = underWay.filter((one) =>
    wantedBy(one).some(([named, brought]) => meant(twin, named) === metric && brought !== value),
  );
  const rivals = new Set([...others.map(({ id }) => id), ...(replaced === undefined ? [] : [replaced])]);
  rivals.delete(command ?? '');
  return [...rivals];
}

/** Says which command brings each wish that has none yet. */
function assignCommands(twin: Twin): void {
  const open = [...twin.wishes].filter(([, { state, command }]) => state === 'pending' && command === undefined);
  const plans = plansFor(withValue(new Map(open.map(([metric, { value }]) => [metric, value]))));
  for (const [index, { metrics }] of plans.entries()) {
    for (const metric of metrics) {
      const one = twin.wishes.get(metric);
      if (one !== undefined) one.command = commandId(twin.device, twin.version, index);
    }
  }
}

function mustLive({ directory }: Core, device: string): void {
  const known = directory.find(device);
  if (known === undefined) throw new PortcullisError('NOT_FOUND', `There is no device "${device}".`);
  if (known.lifeCycle !== 'DECOMMISSIONED') return;
  throw new PortcullisError('COMMAND_INVALID', `The device "${device}" is decommissioned.`);
}

function mustBe(twin: Twin, version: number | undefined): void {
  if (version === undefined || version === twin.version) return;
  throw new PortcullisError(
    'CONFLICT',
    `The twin of "${twin.device}" has version ${twin.version} by now, not ${version}. Read it again.`,
  );
}

function isNew(known: Wish | undefined, value: TwinValue | undefined): boolean {
  if (value === undefined) return known?.value !== undefined;
  return known?.value !== value || known.state === 'failed';
}

const copyOf = (known: Wish | undefined): Wish | undefined => known && { ...known };

export function withValue(all: ReadonlyMap<string, TwinValue | undefined>): Map<string, TwinValue> {
  return new Map([...all].flatMap(([metric, value]) => (value === undefined ? [] : [[metric, value] as const])));
}
