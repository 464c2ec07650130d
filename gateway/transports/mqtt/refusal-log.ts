import type { Logger } from 'pino';
import { PortcullisError } from '../../../contracts/errors.ts';

/** A refused device tries again every few seconds, for ever; the journal hears of it this often. */
const quietMs = 600_000;
/** Clients are remembered up to here, the oldest is forgotten: ids are whatever a stranger sends. */
const maxKeys = 500;

interface Refusal {
  readonly client: string;
  readonly address: string;
  readonly error: unknown;
}

/**
 * Says in the log which client was refused and why: the first time, and then once in ten minutes with how often it was.
 * Connections that merely broke are no refusal. `monoMs` is monotonic.
 */
export function openRefusalLog(log: Logger, monoMs: () => number): (refusal: Refusal) => void {
  const told = new Map<string, { nextMs: number; unsaid: number }>();
  return ({ client, address, error }) => {
    const reason = notAllowed(error);
    if (reason === undefined) return;
    const id = client.slice(0, 64);
    const key = `${reason} ${address} ${id}`;
    const known = told.get(key);
    const now = monoMs();
    if (known !== undefined && now < known.nextMs) {
      known.unsaid += 1;
      return;
    }
    if (told.size >= maxKeys) told.delete(told.keys().next().value ?? '');
    told.set(key, { nextMs: now + quietMs, unsaid: 0 });
    log.warn({ client: id, address, ...(known && known.unsaid > 0 && { repeated: known.unsaid }) }, reason);
  };
}

/** The sentence of a refusal, also where the broker wrapped it. */
function notAllowed(error: unknown): string | undefined {
  const inner = error instanceof Error && !(error instanceof PortcullisError) ? error.cause : error;
  return inner instanceof PortcullisError && inner.code === 'NOT_ALLOWED' ? inner.message : undefined;
}
