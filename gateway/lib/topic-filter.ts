/** Whether a text is a topic filter (MQTT 3.1.1, section 4.7.1) of sensible length. */
export function isTopicFilter(text: string): boolean {
  if (text === '' || text.length > 1_024) return false;
  return text.split('/').every((level, at, { length }) => isLevel(level, at === length - 1));
}

const isLevel = (level: string, isLast: boolean): boolean =>
  level === '+' || (level === '#' && isLast) || !/[+#\0]/.test(level);

/**
 * Whether an MQTT topic matches a filter (MQTT 3.1.1, section 4.7). Topics that begin with `$` match no filter
 * that begins with a wildcard (4.7.2).
 */
export function matchesFilter(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && (filter.startsWith('+') || filter.startsWith('#'))) return false;
  const f = filter.split('/');
  const t = topic.split('/');
  for (let i = 0; i < f.length; i++) {
    if (f[i] === '#') return true;
    if (i >= t.length || (f[i] !== '+' && f[i] !== t[i])) return false;
  }
  return f.length === t.length;
}

/** Whether every topic that `inner` matches is matched by `outer`: filters compared as filters, not as texts. */
export function coversFilter(outer: string, inner: string): boolean {
  if (inner.startsWith('$') && (outer.startsWith('+') || outer.startsWith('#'))) return false;
  const o = outer.split('/');
  const n = inner.split('/');
  for (let i = 0; i < o.length; i++) {
    if (o[i] === '#') return true;
    if (i >= n.length || n[i] === '#') return false;
    if (o[i] !== '+' && o[i] !== n[i]) return false;
  }
  return o.length === n.length;
}
