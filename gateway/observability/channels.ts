import { channel, type Channel } from 'node:diagnostics_channel';

/**
 * Named channels on which the stages tell what they did; they cost nothing when nobody listens. Metrics and traces
 * subscribe here, so that no stage knows how it is counted.
 */
export interface Events {
  /** Records or packets left out on purpose or by a guard: never silently. */
  dropped: { readonly stage: string; readonly reason: string; readonly count: number };
  /** Input refused with a reason: dead letters, closed connections, denied subscriptions. */
  rejected: { readonly stage: string; readonly reason: string; readonly count: number };
  retried: { readonly stage: string; readonly reason: string };
  /** Envelopes that came in and what became of them. */
  ingested: { readonly stored: number; readonly filtered: number; readonly deadLettered: number };
  /** The end of a command; `code` is empty when it was done. */
  commanded: { readonly source: string; readonly state: string; readonly code: string };
  /** A notification that needs no more tries, by what became of it. */
  notified: { readonly channel: string; readonly outcome: string };
  delivered: { readonly sink: string; readonly count: number; readonly bytes: number };
  /** Envelopes that pass a point of their way together, for who follows single ones. */
  way: {
    readonly point: 'to-threads' | 'from-threads' | 'to-disk' | 'on-disk';
    readonly items: readonly { readonly waiting: { readonly envelope: object } }[];
  };
  committed: { readonly records: number; readonly bytes: number; readonly durationMs: number };
  /** A condition that a person must know about; `active` false clears it. One alarm per `code` and `subject`. */
  alarm: {
    readonly code: string;
    readonly subject: string;
    readonly active: boolean;
    readonly detail: string;
    /** Codes of the same subject that are its consequence: while it is active they are not shown beside it. */
    readonly explains?: readonly string[];
  };
}

/** Held, because Node finds a channel by its name in a map of weak references, and forgets one that nobody holds. */
const channels = new Map<keyof Events, Channel>();

function channelOf(name: keyof Events): Channel {
  let target = channels.get(name);
  if (target === undefined) channels.set(name, (target = channel(`portcullis:${name}`)));
  return target;
}

/** Tells everyone who listens; does nothing when nobody does. */
export function tell<Name extends keyof Events>(name: Name, event: Events[Name]): void {
  const target = channelOf(name);
  if (target.hasSubscribers) target.publish(event);
}

/** Listens until disposed. */
export function listen<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): Disposable {
  const target = channelOf(name);
  const onMessage = (message: unknown): void => listener(message as Events[Name]);
  target.subscribe(onMessage);
  return { [Symbol.dispose]: () => target.unsubscribe(onMessage) };
}
