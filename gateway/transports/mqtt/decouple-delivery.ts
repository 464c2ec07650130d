import type { Aedes } from 'aedes';

interface Emitter {
  emit(packet: object, done?: (error?: Error) => void): unknown;
}

/**
 * Lets a publisher go on without waiting for its subscribers. Aedes waits until every subscriber's socket took the
 * message, so that one that does not read stalls the publisher. The forward gate bounds what a subscriber may have
 * unsent, which makes the waiting needless.
 */
export function decoupleDelivery(broker: Aedes): void {
  const { mq } = broker as unknown as { mq: Emitter };
  const emit = mq.emit.bind(mq);
  mq.emit = (packet, done) => {
    emit(packet, ignore);
    done?.();
    return mq;
  };
}

function ignore(): void {}
