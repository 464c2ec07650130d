import { timingSafeEqual } from 'node:crypto';
import { PortcullisError } from '../../contracts/errors.ts';
import { hashOf } from './book.ts';
import type { Journey } from './provider.ts';

/** Logins under way at the identity provider; the oldest is forgotten first. */
const maxJourneys = 100;
const forMs = 10 * 60_000;

/** Remembers who was sent to the identity provider, so that only the same browser comes back, once. */
export class Journeys {
  readonly #waiting = new Map<string, { readonly journey: Journey; readonly until: number }>();

  add(journey: Journey, nowMs: number): void {
    this.#waiting.set(journey.state, { journey, until: nowMs + forMs });
    if (this.#waiting.size <= maxJourneys) return;
    for (const oldest of this.#waiting.keys()) {
      this.#waiting.delete(oldest);
      return;
    }
  }

  /** Throws NOT_ALLOWED unless the state that came back is that of the browser's cookie. */
  take(state: string, ofCookie: string, nowMs: number): Journey {
    const found = this.#waiting.get(state);
    if (found === undefined || nowMs > found.until || !timingSafeEqual(hashOf(state), hashOf(ofCookie))) {
      throw new PortcullisError('NOT_ALLOWED', 'This login was not begun here, or too long ago. Begin again.');
    }
    this.#waiting.delete(state);
    return found.journey;
  }
}
