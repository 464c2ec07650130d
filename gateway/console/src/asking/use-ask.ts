import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import { ask } from './ask.ts';
import { homePaths, takeEarly } from './first.ts';
import { link } from './link.ts';
import { useStore } from './store.ts';

export interface Asked<Result> {
  /** The newest answer, also while the next one is on its way or the gateway is gone. */
  readonly data: Result | undefined;
  /** Why there is no newer one, in a sentence. */
  readonly error: string | undefined;
  /** Asks now. */
  readonly again: () => Promise<void>;
}

/** Last answers by path, so that going back to a page shows it at once. */
const remembered = new Map<string, unknown>();
const mostRemembered = 100;

/** What is known before anything is asked; the gateway gives its own where it draws the first picture. */
export const Known = createContext<ReadonlyMap<string, unknown>>(remembered);

function remember(path: string, data: unknown): void {
  remembered.delete(path);
  remembered.set(path, data);
  for (const oldest of remembered.keys()) {
    if (remembered.size <= mostRemembered) break;
    remembered.delete(oldest);
  }
}

/** New enough not to be asked for once more by the first picture. */
const isNew = new Set<string>();
const newMs = 1000;

/** Waits for what was asked for early, so that the first picture of home is whole. What was refused or is missing home asks for itself. */
export async function rememberEarly(): Promise<void> {
  const take = async (path: string): Promise<void> => {
    const answer = await takeEarly(path);
    if (!answer?.ok) return;
    remember(path, await answer.json());
    isNew.add(path);
  };
  await Promise.allSettled(Object.values(homePaths).map(take));
  setTimeout(() => isNew.clear(), newMs);
}

/** Forgets every answer: somebody else is signed in now. */
export function forgetAnswers(): void {
  remembered.clear();
}

/**
 * Asks the API for `path` (undefined asks nothing), again when the gateway is back, and every `everyMs` while the page can
 * be seen.
 */
export function useAsk<Result>(path: string | undefined, everyMs?: number): Asked<Result> {
  const answers = useContext(Known);
  const known = (): Result | undefined => (path === undefined ? undefined : (answers.get(path) as Result | undefined));
  const [state, show] = useState<{ path: string | undefined; data: Result | undefined; error: string | undefined }>({
    path,
    data: known(),
    error: undefined,
  });
  const isHere = useStore(link) === 'here';
  const again = async (signal?: AbortSignal): Promise<void> => {
    if (path === undefined) return;
    try {
      const data = await ask<Result>(path, signal && { signal });
      remember(path, data);
      if (!signal?.aborted) show({ path, data, error: undefined });
    } catch (error) {
      if (!signal?.aborted) show({ path, data: known(), error: (error as Error).message });
    }
  };
  useEffect(() => {
    if (path === undefined || !isHere) return undefined;
    const end = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const turn = async (): Promise<void> => {
      if (!document.hidden && !isNew.has(path)) await again(end.signal);
      if (everyMs !== undefined && !end.signal.aborted) timer = setTimeout(() => void turn(), everyMs);
    };
    void turn();
    return () => {
      end.abort();
      clearTimeout(timer);
    };
  }, [path, everyMs, isHere]);
  const shown = state.path === path ? state : { data: known(), error: undefined };
  return { data: shown.data, error: shown.error, again: () => again() };
}
