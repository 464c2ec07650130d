/** Many topic filters laid over each other, so that one walk asks all of them. */
export interface FilterTree {
  /** Whether any of the filters matches a topic, as `matchesFilter` says of each. */
  matches(topic: string): boolean;
  /** Levels of filters that were looked at so far: what the asking cost. */
  readonly looks: number;
}

interface Branch {
  readonly next: Map<string, Branch>;
  /** A filter ends here. */
  ends: boolean;
}

/** A topic costs at most one look at each level of each filter; levels that filters share are looked at once. */
export function filterTree(filters: Iterable<string>): FilterTree {
  const root: Branch = { next: new Map(), ends: false };
  for (const filter of filters) {
    let branch = root;
    for (const level of filter.split('/')) {
      const next: Branch = branch.next.get(level) ?? { next: new Map(), ends: false };
      branch.next.set(level, next);
      branch = next;
    }
    branch.ends = true;
  }
  let looks = 0;
  /** `from`: where in the topic the level begins that this branch decides about; behind the end there is none. */
  const walk = ({ next, ends }: Branch, topic: string, from: number): boolean => {
    looks += 1;
    // A wildcard at the beginning does not match a topic that begins with $ (MQTT 3.1.1, section 4.7.2).
    const takesAny = from > 0 || !topic.startsWith('$');
    if (takesAny && next.has('#')) return true;
    if (from > topic.length) return ends;
    const slash = topic.indexOf('/', from);
    const to = slash < 0 ? topic.length : slash;
    const word = next.get(topic.slice(from, to));
    if (word !== undefined && walk(word, topic, to + 1)) return true;
    const any = takesAny ? next.get('+') : undefined;
    return any !== undefined && walk(any, topic, to + 1);
  };
  return {
    matches: (topic) => walk(root, topic, 0),
    get looks() {
      return looks;
    },
  };
}
