import type { Json, Knowledge, Lesson } from '../../contracts/plugin.ts';
import type { Briefing, Change } from './task.ts';

/** A decode thread's copy of what the plugins learnt. */
export interface ThreadKnowledge {
  readonly version: number;
  of(plugin: number): Knowledge;
  /** Brings the copy up to the briefing; false means that it is too old for this briefing. */
  update(briefing: Briefing): boolean;
  /** Takes in what a plugin just learnt; the changes, as text, go to the main thread. */
  learn(plugin: number, lessons: readonly Lesson[]): readonly Change[];
  /** Closes a batch in which something was learnt: the main thread counts the same way. */
  advance(): void;
}

export function threadKnowledge(plugins: number): ThreadKnowledge {
  const maps = Array.from({ length: plugins }, () => new Map<string, Json>());
  let version = 0;
  const apply = ({ plugin, key, json }: Change): void => {
    const map = maps[plugin];
    if (json === undefined) map?.delete(key);
    else map?.set(key, JSON.parse(json) as Json);
  };
  return {
    get version() {
      return version;
    },
    of: (plugin) => maps[plugin] ?? new Map(),
    update(briefing) {
      if (briefing.base > version) return false;
      if (briefing.full && briefing.version > version) for (const map of maps) map.clear();
      for (const revision of briefing.revisions) {
        if (revision.version <= version) continue;
        for (const change of revision.changes) apply(change);
        version = revision.version;
      }
      return true;
    },
    learn(plugin, lessons) {
      // All texts first: a lesson that has none throws before anything was taken in.
      const changes = lessons.map(({ key, value }): Change =>
        value === undefined ? { plugin, key } : { plugin, key, json: JSON.stringify(value) },
      );
      for (const change of changes) apply(change);
      return changes;
    },
    advance: () => {
      version += 1;
    },
  };
}
