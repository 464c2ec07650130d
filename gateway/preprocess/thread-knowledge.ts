import { PortcullisError } from '../../contracts/errors.ts';
import type { Json, Knowledge, Lesson } from '../../contracts/plugin.ts';
import { matchesFilter } from '../lib/topic-filter.ts';
import type { Briefing, Change } from './task.ts';

/** A decode thread's copy of what the plugins learnt. */
export interface ThreadKnowledge {
  readonly version: number;
  of(plugin: number): Knowledge;
  /** Brings the copy up to the briefing; false means that it is too old for this briefing. */
  update(briefing: Briefing): boolean;
  /** The login that a key belongs to. */
  ownerOf(plugin: number, key: string): string | undefined;
  /**
   * Takes in what a plugin just learnt from a message of `user`, who may publish on `publishes`; what changes by it, as text,
   * goes to the main thread. Throws when a key belongs to another login, or names a topic that this one may not publish.
   */
  learn(plugin: number, lessons: readonly Lesson[], user?: string, publishes?: readonly string[]): readonly Change[];
  /** Closes a batch in which something was learnt: the main thread counts the same way. */
  advance(): void;
}

/** `hasEnded`: a login that is gone owns nothing any more. */
export function threadKnowledge(plugins: number, hasEnded: (user: string) => boolean = () => false): ThreadKnowledge {
  const maps = Array.from({ length: plugins }, () => new Map<string, Json>());
  const owners = Array.from({ length: plugins }, () => new Map<string, string>());
  let version = 0;
  const apply = ({ plugin, key, json, by }: Change): void => {
    const map = maps[plugin];
    if (json === undefined) map?.delete(key);
    else map?.set(key, JSON.parse(json) as Json);
    if (json === undefined || by === undefined) owners[plugin]?.delete(key);
    else owners[plugin]?.set(key, by);
  };
  const ownerOf = (plugin: number, key: string): string | undefined => {
    const by = owners[plugin]?.get(key);
    return by === undefined || hasEnded(by) ? undefined : by;
  };
  const changeOf = (plugin: number, { key, value, proven }: Lesson, user: string | undefined): Change => {
    const owner = ownerOf(plugin, key);
    if (owner !== undefined && owner !== user && !(proven === true && user !== undefined)) {
      throw new PortcullisError('NOT_ALLOWED', `What it teaches belongs to the login ${owner.slice(0, 64)}: ${key}.`);
    }
    return value === undefined ? { plugin, key } : { plugin, key, json: JSON.stringify(value), by: user };
  };
  const isNew = ({ plugin, key, json, by }: Change): boolean => {
    const known = maps[plugin]?.get(key);
    const text = known === undefined ? undefined : JSON.stringify(known);
    return text !== json || (json !== undefined && ownerOf(plugin, key) !== by);
  };
  return {
    get version() {
      return version;
    },
    of: (plugin) => maps[plugin] ?? new Map(),
    ownerOf,
    update(briefing) {
      if (briefing.base > version) return false;
      if (briefing.full && briefing.version > version) for (const map of [...maps, ...owners]) map.clear();
      for (const revision of briefing.revisions) {
        if (revision.version <= version) continue;
        for (const change of revision.changes) apply(change);
        version = revision.version;
      }
      return true;
    },
    learn(plugin, lessons, user, publishes = []) {
      if (user !== undefined) demandTopics(lessons, user, publishes);
      // All of them first: a lesson that has no text or is another's throws before anything was taken in.
      const last = new Map(lessons.map((lesson) => [lesson.key, changeOf(plugin, lesson, user)]));
      const changes = [...last.values()].filter(isNew);
      for (const change of changes) apply(change);
      return changes;
    },
    advance: () => {
      version += 1;
    },
  };
}

/** Before the device whose topic it is has come, nothing else tells a claim from a lesson. */
function demandTopics(lessons: readonly Lesson[], user: string, publishes: readonly string[]): void {
  for (const { topic } of lessons) {
    if (topic === undefined || publishes.some((filter) => matchesFilter(filter, topic))) continue;
    const what = `It names the topic ${topic.slice(0, 128)}`;
    throw new PortcullisError('NOT_ALLOWED', `${what}, where the login ${user.slice(0, 64)} may not publish.`);
  }
}
