import type { BatchItem } from '../../../contracts/sink.ts';
import type { CommandAnswer } from './command-answer.ts';
import type { DeviceChange } from './device-change.ts';
import type { EventData, Projected, PropertyData } from './projection.ts';

export interface PlannedItem {
  readonly item: BatchItem;
  readonly projected: Projected;
}

/** One call, or what takes its place; steps of one device are done in order. */
export type Step =
  | { readonly as: 'report'; readonly parts: readonly ReportPart[] }
  | { readonly as: 'event'; readonly item: BatchItem; readonly data: EventData }
  /** Changes of presence with nothing in between; `online` is the last of them. */
  | { readonly as: 'presence'; readonly items: readonly BatchItem[]; readonly online: boolean }
  | { readonly as: 'change'; readonly item: BatchItem; readonly change: DeviceChange }
  | { readonly as: 'answer'; readonly item: BatchItem; readonly answer: CommandAnswer }
  | { readonly as: 'skip'; readonly item: BatchItem; readonly why: string }
  | { readonly as: 'registration'; readonly item: BatchItem }
  | { readonly as: 'refused'; readonly item: BatchItem; readonly reason: string };

export interface ReportPart {
  readonly item: BatchItem;
  readonly data: PropertyData;
  readonly losses: readonly string[];
}

/** Messages in one call: their ids fit in a header of a few kilobytes. */
const maxParts = 100;
/** The vendor takes 64 KB; codes and texts are counted in characters, so half is left as room. */
const maxCharacters = 32_000;

/**
 * Turns the messages of one device, in their order, into calls. Messages share a call as long as no code comes twice;
 * with `mergeStates`, which saves calls, consecutive messages of kind `state` share one even then, and only the newest
 * value of each code is sent. Telemetry stays whole, and nothing is merged across an event or a presence change.
 * The cloud has no time for presence, only a now: of changes with nothing in between the last one is told.
 * All records of a call count as accepted once it succeeded, and all their ids are listed in it. Pure.
 */
export function planSteps(items: readonly PlannedItem[], mergeStates: boolean): Step[] {
  const steps: Step[] = [];
  let open: { parts: ReportPart[]; mergeable: Map<string, boolean>; characters: number } | undefined;
  for (const { item, projected } of items) {
    if (projected.as !== 'report') {
      open = undefined;
      const last = steps.at(-1);
      if (projected.as !== 'presence') steps.push({ ...projected, item });
      else if (last?.as !== 'presence' || last.items.length >= maxParts) steps.push({ ...projected, items: [item] });
      else steps[steps.length - 1] = { ...projected, items: [...last.items, item] };
      continue;
    }
    const part = { item, data: projected.data, losses: projected.losses };
    const soft = mergeStates && item.message.kind === 'state';
    const characters = JSON.stringify(part.data).length;
    if (open === undefined || !fits(open, part, soft, characters)) {
      open = { parts: [], mergeable: new Map(), characters: 0 };
      steps.push({ as: 'report', parts: open.parts });
    }
    open.parts.push(part);
    open.characters += characters;
    for (const code of Object.keys(part.data)) open.mergeable.set(code, soft);
  }
  return steps;
}

function fits(
  open: { parts: ReportPart[]; mergeable: Map<string, boolean>; characters: number },
  part: ReportPart,
  soft: boolean,
  characters: number,
): boolean {
  if (open.parts.length >= maxParts || open.characters + characters > maxCharacters) return false;
  return Object.keys(part.data).every(
    (code) => !open.mergeable.has(code) || (soft && open.mergeable.get(code) === true),
  );
}

/** The body of a call: per code the newest value by source time, the later message when times are equal. */
export function mergeParts(parts: readonly ReportPart[]): { readonly data: PropertyData; readonly superseded: number } {
  const data: PropertyData = Object.create(null);
  let superseded = 0;
  for (const part of parts) {
    for (const [code, entry] of Object.entries(part.data)) {
      const known = data[code];
      if (known !== undefined) superseded += 1;
      if (known === undefined || entry.time >= known.time) data[code] = entry;
    }
  }
  return { data, superseded };
}

/** The records of a step. */
export function itemsOf(step: Step): readonly BatchItem[] {
  if (step.as === 'report') return step.parts.map((part) => part.item);
  return step.as === 'presence' ? step.items : [step.item];
}

const free: ReadonlySet<Step['as']> = new Set(['registration', 'refused', 'skip']);

/** Calls that steps cost. */
export function countCalls(steps: readonly Step[]): number {
  return steps.filter((step) => !free.has(step.as)).length;
}

/** Whether a step can only be done for a device that the cloud knows. Changes see to their device themselves. */
export function needsDevice(step: Step): boolean {
  if (step.as === 'answer') return step.answer.action;
  return step.as !== 'skip' && step.as !== 'refused' && step.as !== 'change';
}
