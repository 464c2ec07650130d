/** Edit distance with a transposition counted as one (Damerau-Levenshtein, adjacent), for short words. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((row[j - 1] ?? 0) + 1, (above[j] ?? 0) + 1, (above[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (before[j - 2] ?? 0) + 1);
      }
      row.push(best);
    }
    before = above;
    above = row;
  }
  return above[b.length] ?? 0;
}

/** The known word that was probably meant, or undefined when none is near. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const wanted = word.slice(0, 64).toLowerCase();
  let best: { word: string; cost: number } | undefined;
  for (const candidate of known) {
    const other = candidate.slice(0, 64).toLowerCase();
    const part = wanted.length > 3 && other.length > 3 && (wanted.includes(other) || other.includes(wanted));
    const cost = part ? 1 : distance(wanted, other);
    if (cost <= Math.max(1, Math.floor(wanted.length / 3)) && (!best || cost < best.cost)) {
      best = { word: candidate, cost };
    }
  }
  return best?.word;
}
