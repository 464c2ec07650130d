import type { GatewayEpoch } from './passport.ts';

/**
 * Keeps two gateways of one name from delivering: the far sides see name, epoch and instance, the higher epoch wins, and of one epoch the
 * instance that was there first. Who was told that another one runs stops delivering for good and goes on buffering.
 */
export interface Fence {
  readonly gateway: string;
  readonly identity: GatewayEpoch;
  /** Aborted once another gateway runs in this one's place. */
  readonly signal: AbortSignal;
  /** A far side has told of the other one, and its epoch where it says that. Durable soon after; never rejects. */
  readonly raise: (by: string, epoch?: number) => void;
}
