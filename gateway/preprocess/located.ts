import type { Place } from '../../contracts/message.ts';
import { knowledgeBook, type KnowledgeBook } from './knowledge.ts';
import { endedLogins, placesOfDevices, type Change } from './task.ts';

/** Where a device stands from now on; without a place, where the configuration says. */
export interface Located {
  readonly device: string;
  readonly place: Place | undefined;
}

/** More than the registry's devices need with the longest names, so that none is forgotten. */
const locationBytes = 32 * 1024 * 1024;

/** What threads are told beside the lessons, at any time. */
export interface PlacedBook extends KnowledgeBook {
  locate(located: readonly Located[]): void;
  /** What belongs to a login that is none any more belongs to nobody. */
  believe(isLogin: (user: string) => boolean): void;
}

/**
 * A lane's knowledge together with the places of devices and the logins that ended. These are a book of their own, because
 * they change at any time while lessons run alone: each book counts its versions, and a thread that misses either gets
 * everything.
 */
export function withPlaces(book: KnowledgeBook): PlacedBook {
  const places = knowledgeBook(['', ''], locationBytes);
  const ended = new Set<string>();
  const judge = (key: string, isLogin: boolean): Change[] => {
    if (ended.has(key) === !isLogin) return [];
    if (isLogin) ended.delete(key);
    else ended.add(key);
    return [{ plugin: endedLogins, key, ...(!isLogin && { json: 'true' }) }];
  };
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
    owners: () => book.owners(),
    get hasUnsaved() {
      return book.hasUnsaved;
    },
    locate(located) {
      places.learn(
        located.map(({ device, place }) =>
          place === undefined
            ? { plugin: placesOfDevices, key: device }
            : { plugin: placesOfDevices, key: device, json: JSON.stringify(place) },
        ),
      );
    },
    believe(isLogin) {
      places.learn([...book.owners(), ...ended].flatMap((user) => judge(user, isLogin(user))));
    },
  };
}
