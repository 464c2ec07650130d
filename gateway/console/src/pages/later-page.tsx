import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { link, lost } from '../asking/link.ts';
import { makeStore, useStore } from '../asking/store.ts';
import { Page, Waiting } from '../parts/parts.tsx';
import type { Way } from '../route.ts';

/** Pages by the first part of their address; each gets the parts behind it. */
export type Pages = Readonly<Record<string, (way: Way) => JSX.Element>>;

const pages = makeStore<Pages | undefined>(undefined);
let isComing = false;

/** Fetches the code of every page but home, which comes behind the first picture so that it does not make it wait. */
export function fetchPages(): void {
  if (isComing) return;
  isComing = true;
  import('./pages.tsx').then(
    (come) => pages.set(come.pages),
    () => {
      isComing = false;
      lost();
    },
  );
}

/** A page whose code may still be on its way. */
export function LaterPage({ at, title, way }: { at: string; title: string; way: Way }) {
  const come = useStore(pages);
  const isHere = useStore(link) === 'here';
  useEffect(() => {
    if (isHere) fetchPages();
  }, [isHere]);
  return (
    come?.[at]?.(way) ?? (
      <Page title={title}>
        <Waiting error={undefined} what="this page" />
      </Page>
    )
  );
}
