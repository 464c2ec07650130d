import type { Measurement } from '../../contracts/message.ts';
import { ownMessage } from '../../contracts/own-message.ts';
import type { ShownTwin } from '../../contracts/twin.ts';
import type { Twin } from './twin.ts';

type Value = NonNullable<NonNullable<Measurement['change']>['value']>;

/** The twin as others see it. */
export function shown({ device, version, reportedVersion, reported, wishes }: Twin): ShownTwin {
  const desired: ShownTwin['desired'] = {};
  const delta: ShownTwin['delta'] = {};
  for (const [metric, { value, state, version, at, by, command, code, detail }] of wishes) {
    if (value === undefined || state === 'gone') continue;
    if (state === 'pending') delta[metric] = value;
    desired[metric] = {
      value,
      state,
      version,
      at,
      by,
      ...(command !== undefined && { command }),
      ...(code !== undefined && { code }),
      ...(detail !== undefined && { detail }),
    };
  }
  const state = Object.fromEntries(
    [...reported].map(([metric, { value, version, at }]) => [metric, { value, version, at }]),
  );
  return { device, version, desired, reported: { version: reportedVersion, state }, delta };
}

/**
 * A change of the wishes as a message of the device, in the lane of its telemetry. A report is in the log already, as
 * the message that it came with: it makes no second record.
 */
export function changeEvent(twin: Twin, op: 'created' | 'updated' | 'deleted', now: number): Measurement {
  const { device, version, ...value } = shown(twin);
  const change = {
    subject: 'twin',
    id: device,
    op,
    version,
    ...(op !== 'deleted' && { value: value as Value }),
  } as const;
  return ownMessage(device, 'twin', now, { kind: 'change', cls: 'state', change });
}
