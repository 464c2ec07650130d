/** See debian-packages.mjs, which runs under a Node that cannot read types. */
export function ensurePrograms(
  wanted: Readonly<Record<string, string>>,
  say: (sentence: string) => void,
): { readonly programs: readonly string[]; readonly command: string } | undefined;
