import { coversFilter, matchesFilter } from '../../lib/topic-filter.ts';
import { commonTopics, type Profile } from './profiles.ts';

/** Answers kept per client and direction; a device speaks about few topics. */
const maxCached = 512;

/**
 * What one client may publish, subscribe to and receive. Filters are compared as filters: a subscription is allowed
 * only when one allowed filter covers all that it would match. `$SYS` and shared subscriptions are never allowed.
 */
export class TopicRights {
  readonly profile: Profile;
  /** The login that has them; absent for those that need none. */
  readonly user: string | undefined;
  /** Filters of the topics that may be published, `$SYS` and the like left out. */
  readonly publishes: readonly string[];
  readonly #subscribe: readonly string[];
  readonly #mayPublish = new Map<string, boolean>();
  readonly #mayReceive = new Map<string, boolean>();

  constructor(profile: Profile, clientId: string, roots: ReadonlySet<string>, user?: string) {
    this.profile = profile;
    this.user = user;
    this.publishes = fillIn(profile.publish, clientId, roots);
    this.#subscribe = fillIn(profile.subscribe, clientId, roots);
  }

  mayPublish(topic: string): boolean {
    return cached(this.#mayPublish, topic, () => matchesAny(this.publishes, topic));
  }

  mayReceive(topic: string): boolean {
    return cached(this.#mayReceive, topic, () => matchesAny(this.#subscribe, topic));
  }

  maySubscribe(filter: string): boolean {
    if (isReserved(filter)) return false;
    return this.#subscribe.some((allowed) => coversFilter(allowed, filter));
  }
}

/** The words that filters of profiles begin with: below them are the topics of many devices. */
export const rootsOf = (profiles: Iterable<Profile>): ReadonlySet<string> =>
  new Set(
    [...profiles]
      .flatMap(({ publish, subscribe }) => publish.concat(subscribe))
      .map((filter) => filter.split('/')[0] ?? '')
      .filter((word) => !/[+#%]/.test(word)),
  );

/** Whether a profile gives a client all topics that begin with its id. */
export const hasOwnRoot = ({ publish, subscribe }: Profile): boolean =>
  [...publish, ...subscribe].some((filter) => filter.startsWith('%c'));

/** Whether a profile opens topics of other devices too, as a bridge or a reader needs it. */
export const isWide = ({ publish, subscribe }: Profile): boolean =>
  [...publish, ...subscribe].some(
    (filter) => !filter.includes('%c') && !commonTopics.some((common) => coversFilter(common, filter)),
  );

/** A client id with separators or wildcards in it, or one that others' topics begin with, would widen the filter, so it gets none. */
function fillIn(filters: readonly string[], clientId: string, roots: ReadonlySet<string>): string[] {
  const isPlain = clientId !== '' && !/[/+#]/.test(clientId) && !clientId.startsWith('$');
  return filters
    .filter((filter) => isPlain || !filter.includes('%c'))
    .filter((filter) => !roots.has(clientId) || !filter.startsWith('%c'))
    .map((filter) => filter.replaceAll('%c', () => clientId));
}

function matchesAny(filters: readonly string[], topic: string): boolean {
  return !isReserved(topic) && filters.some((filter) => matchesFilter(filter, topic));
}

function isReserved(text: string): boolean {
  return text.startsWith('$SYS') || text.startsWith('$share') || text.startsWith('$queue');
}

function cached(answers: Map<string, boolean>, topic: string, ask: () => boolean): boolean {
  let answer = answers.get(topic);
  if (answer === undefined) {
    if (answers.size >= maxCached) answers.clear();
    answers.set(topic, (answer = ask()));
  }
  return answer;
}
