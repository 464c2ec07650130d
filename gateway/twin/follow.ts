import type { Append } from '../../contracts/pipeline.ts';
import type { DeviceRecord } from '../../contracts/registry.ts';
import { enterWishes } from './edit.ts';
import type { Core } from './core.ts';
import { wish, type Twin } from './twin.ts';

/** What the registry says of a device: `gone` where it has none, `successor` is who took over from it. */
interface Fate {
  readonly gone: boolean;
  readonly ended: boolean;
  readonly successor?: string | undefined;
}

/**
 * An `append` for the registry, under which twins go where their devices go: wishes move to the successor, a device that
 * ends has none, a device that is removed has no twin and no history. It comes right behind the registry's commit; what
 * a crash leaves undone `followAll` does at the next start.
 */
export function followRegistry(core: Core, append: Append): Append {
  return async (entry) => {
    await append(entry);
    const changes = entry.measurements.flatMap((one) => ('change' in one && one.change ? [one.change] : []));
    const devices = changes.filter(({ subject }) => subject === 'device');
    for (const { id, op, value } of devices) {
      const twin = core.book.get(id);
      if (twin === undefined) continue;
      const heir = devices.find((other) => other.value?.['replaces'] === id)?.id;
      const ended = value?.['lifeCycle'] === 'DECOMMISSIONED';
      await apply(core, twin, { gone: op === 'deleted', ended, successor: heir });
    }
  };
}

/** Once, at the start, when the registry is there. */
export async function followAll(core: Core): Promise<void> {
  const heirs = new Map<string, DeviceRecord>();
  for (const device of core.directory.devices()) if (device.replaces !== undefined) heirs.set(device.replaces, device);
  for (const twin of core.book.all()) {
    const known = core.directory.find(twin.device);
    const ended = known?.lifeCycle === 'DECOMMISSIONED';
    if (known === undefined || ended) {
      await apply(core, twin, { gone: known === undefined, ended, successor: heirs.get(twin.device)?.id });
    }
  }
}

async function apply(core: Core, twin: Twin, { gone, ended, successor }: Fate): Promise<void> {
  if (!gone && !ended) return;
  const wishes = [...twin.wishes].filter(([, { value }]) => value !== undefined);
  const traces = core.traces();
  const when = core.when();
  if (successor !== undefined && wishes.length > 0) {
    const heir = core.book.of(successor);
    const edits = wishes.map(([metric, { value, by }]) => ({ metric, value, by, ageMs: 0 }));
    traces.collect(heir, (note) => enterWishes(heir, edits, { underWay: [], when, note }));
  }
  if (gone) traces.drop(twin, core.book.drop(twin));
  else if (wishes.length > 0) {
    traces.collect(twin, (note) => {
      twin.version += 1;
      for (const [metric] of wishes) wish(twin, { metric, value: undefined, by: 'gateway', ageMs: 0 }, when, note);
    });
  }
  await core.save(traces);
}
