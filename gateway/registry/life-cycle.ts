import type { LifeCycle } from '../../contracts/registry.ts';

/** `retried`: the operator asks for another try, or changed what the cloud had refused. */
export type LifeEvent = 'activated' | 'rejected' | 'retried' | 'decommissioned';

/**
 * The life of a device as a table; no entry means that the event changes nothing. DECOMMISSIONED is the end: a late
 * answer of the cloud does not bring a device back. An activated device can be refused later, when the cloud no longer
 * wants it.
 */
const table: Readonly<Record<LifeCycle, Partial<Record<LifeEvent, LifeCycle>>>> = {
  SHADOW: { activated: 'ACTIVATED', rejected: 'REJECTED', decommissioned: 'DECOMMISSIONED' },
  ACTIVATED: { activated: 'ACTIVATED', rejected: 'REJECTED', decommissioned: 'DECOMMISSIONED' },
  REJECTED: {
    activated: 'ACTIVATED',
    rejected: 'REJECTED',
    retried: 'SHADOW',
    decommissioned: 'DECOMMISSIONED',
  },
  DECOMMISSIONED: {},
};

export function nextLife(now: LifeCycle, event: LifeEvent): LifeCycle | undefined {
  return table[now][event];
}
