import { z } from 'zod';

/** The query of a list that comes page by page; `next` of an answer is the `cursor` of the page after it. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  cursor: z.string().min(1).max(256).optional(),
} as const;

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

/** One page in the order of the ids: what is added or removed meanwhile repeats nothing and hides nothing else. */
export function page<Item extends { readonly id: string }>(
  all: readonly Item[],
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Page<Item> {
  const sorted = all.toSorted((one, other) => (one.id < other.id ? -1 : 1));
  const rest = cursor === undefined ? sorted : sorted.filter(({ id }) => id > cursor);
  const items = rest.slice(0, limit);
  return { items, next: rest.length > limit ? (items.at(-1)?.id ?? null) : null };
}
