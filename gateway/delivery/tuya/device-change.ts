import { z } from 'zod';
import type { Message } from '../../../contracts/message.ts';
import { lifeCycles } from '../../../contracts/registry.ts';
import type { Projected } from './projection.ts';

/** What a change in the registry means for the cloud. `again`: the device gets another try after a refusal or removal. */
export type DeviceChange =
  | { readonly is: 'removed' }
  | { readonly is: 'kept'; readonly name: string | undefined; readonly again: boolean };

const valueSchema = z.object({ name: z.string().optional(), lifeCycle: z.enum(lifeCycles).optional() });

/**
 * Only devices have a place at this cloud. A refusal comes back as a change too (life cycle REJECTED); it asks for
 * nothing, or the refusal would be repeated for ever.
 */
export function changeOf({ change }: Message): Projected {
  if (change === undefined || change.subject !== 'device') return { as: 'skip', why: 'registry' };
  if (change.op === 'deleted') return { as: 'change', change: { is: 'removed' } };
  const value = valueSchema.safeParse(change.value);
  const { name, lifeCycle } = value.success ? value.data : {};
  if (lifeCycle === 'DECOMMISSIONED') return { as: 'change', change: { is: 'removed' } };
  if (lifeCycle === 'REJECTED') return { as: 'skip', why: 'registry' };
  return { as: 'change', change: { is: 'kept', name, again: lifeCycle === 'SHADOW' } };
}
