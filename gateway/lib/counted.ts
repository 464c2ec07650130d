/** `1 device`, `2 devices`: a number and a word whose plural ends in s. */
export function counted(n: number, word: string): string {
  return `${n} ${word}${n === 1 ? '' : 's'}`;
}
