import type { Aedes } from 'aedes';

/** Parts of Aedes' emitter (mqemitter 7). */
interface Emitter {
  emit(packet: object, done?: (error?: Error) => void): unknown;
  on(filter: string, ...rest: unknown[]): unknown;
  readonly _matcher: { match(topic: string): readonly unknown[] };
}

/** Whether anybody gets a message of this topic now. */
export type Listening = (topic: string) => boolean;

/** Topics without a listener that are remembered; more than a house has. */
const maxQuiet = 4096;

/**
 * Lets a publisher go on without waiting for its subscribers. Aedes waits until every subscriber's socket took the
 * message, so that one that does not read stalls the publisher. The forward gate bounds what a subscriber may have
 * unsent, which makes the waiting needless.
 */
export function decoupleDelivery(broker: Aedes): Listening {
  const { mq } = broker as unknown as { mq: Emitter };
  const emit = mq.emit.bind(mq);
  mq.emit = (packet, done) => {
    emit(packet, ignore);
    done?.();
    return mq;
  };
  return listeningOn(mq);
}

/** Remembers only the topics without a listener, so that nothing but a new listener can make an answer wrong. */
function listeningOn(mq: Emitter): Listening {
  const quiet = new Set<string>();
  const on = mq.on.bind(mq);
  mq.on = (filter, ...rest) => {
    quiet.clear();
    return on(filter, ...rest);
  };
  return (topic) => {
    if (quiet.has(topic)) return false;
    if (mq._matcher.match(topic).length > 0) return true;
    if (quiet.size >= maxQuiet) quiet.clear();
    quiet.add(topic);
    return false;
  };
}

function ignore(): void {}
