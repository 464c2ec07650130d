import type { Place } from '../../contracts/message.ts';
import { knowledgeBook, type KnowledgeBook } from './knowledge.ts';

/** Where a device stands from now on; without a place, where the configuration says. */
export interface Located {
  readonly device: string;
  readonly place: Place | undefined;
}

/** More than the registry's devices need with the longest names, so that none is forgotten. */
const locationBytes = 32 * 1024 * 1024;

/**
 * A lane's knowledge together with the places of devices. The places are a book of their own, because they change at
 * any time while lessons run alone: each book counts its versions, and a thread that misses either gets everything.
 */
export function withPlaces(book: KnowledgeBook): KnowledgeBook & { locate(located: readonly Located[]): void } {
  const places = knowledgeBook([''], locationBytes);
  return {
    get version() {
      return book.version;
    },
    learn: (changes) => book.learn(changes),
    briefing: (everything) => ({ ...book.briefing(everything), places: places.briefing(everything) }),
    heard(thread, version, placesVersion = 0) {
      book.heard(thread, version);
      places.heard(thread, placesVersion);
    },
    forgetThreads() {
      book.forgetThreads();
      places.forgetThreads();
    },
    writeOf: (change) => book.writeOf(change),
    markUnsaved: (changes) => book.markUnsaved(changes),
    takeUnsaved: () => book.takeUnsaved(),
    get hasUnsaved() {
      return book.hasUnsaved;
    },
    locate(located) {
      places.learn(
        located.map(({ device, place }) =>
          place === undefined ? { plugin: 0, key: device } : { plugin: 0, key: device, json: JSON.stringify(place) },
        ),
      );
    },
  };
}
