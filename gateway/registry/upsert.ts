import { PortcullisError } from '../../contracts/errors.ts';
import type { DeviceRecord } from '../../contracts/registry.ts';
import type { ImportReport, TakeOverReport } from '../../contracts/registry-bulk.ts';
import type { Book, Bounds } from './book.ts';
import { editDevice, register } from './devices.ts';

/** A device as a file describes it. What is left out stays as it is; `null` takes it away. */
export interface Described {
  readonly id: string;
  readonly name?: string | undefined;
  readonly profile?: string | null | undefined;
  readonly place?: string | null | undefined;
  readonly tags?: string[] | undefined;
}

export type Tally = { -readonly [Key in keyof ImportReport]: number };
export const newTally = (): Tally => ({ created: 0, updated: 0, unchanged: 0 });

/** Registers a device, or changes the one that there is. */
export function upsert(draft: Book, { id, ...wanted }: Described, bounds: Bounds, tally: Tally): DeviceRecord {
  const before = draft.devices.get(id);
  if (before === undefined) {
    tally.created += 1;
    const { name, tags = [] } = wanted;
    const [profile, place] = [wanted.profile ?? undefined, wanted.place ?? undefined];
    return register(draft, { id, name, profile, place, tags }, bounds);
  }
  const after = editDevice(draft, { id, ...wanted });
  tally[after === before ? 'unchanged' : 'updated'] += 1;
  return after;
}

/** Takes devices over with their names, all of them or none. */
export function takeOver(draft: Book, devices: readonly Described[], dryRun: boolean, bounds: Bounds): TakeOverReport {
  const tally = newTally();
  const shown = devices.map((device) => {
    const before = draft.devices.get(device.id);
    const after = upsert(draft, device, bounds, tally);
    const is = before === undefined ? 'new' : before === after ? 'unchanged' : 'changed';
    return { id: after.id, name: after.name, is } as const;
  });
  const report = { ...tally, devices: shown };
  if (dryRun) throw new DryRun(report);
  return report;
}

/** Ends an edit without a trace: what it would have done is in `report`. */
export class DryRun<Report> extends Error {
  readonly report: Report;

  constructor(report: Report) {
    super('a dry run leaves nothing behind');
    this.report = report;
  }
}

/** The report of an edit, whether it was made or only tried. */
export async function reportOf<Report>(edit: Promise<Report>): Promise<Report> {
  try {
    return await edit;
  } catch (error) {
    if (error instanceof DryRun) return error.report as Report;
    throw error;
  }
}

/** How many faults of a file are told at once. */
const mostFaults = 20;

/** Collects what is wrong, so that a file is mended in one go. */
export class Faults {
  readonly #sentences: string[] = [];
  #more = 0;

  /** Runs a step; a refusal is noted with where it happened. */
  attempt(where: string, step: () => void): void {
    try {
      step();
    } catch (error) {
      if (!(error instanceof PortcullisError)) throw error;
      this.add(where, error.message);
    }
  }

  add(where: string, sentence: string): void {
    if (this.#sentences.length < mostFaults) this.#sentences.push(`${where}: ${sentence}`);
    else this.#more += 1;
  }

  /** Throws COMMAND_INVALID with one line per fault when there was one. */
  raise(): void {
    if (this.#sentences.length === 0) return;
    const more = this.#more === 0 ? [] : [`and ${this.#more} more`];
    throw new PortcullisError('COMMAND_INVALID', ['Nothing was changed.', ...this.#sentences, ...more].join('\n'));
  }
}
