import { useEffect, useState } from 'preact/hooks';

/** Where somebody is in the page: the parts of what stands after `#/`. */
export type Way = readonly string[];

const wayOf = (hash: string): Way =>
  hash
    .replace(/^#\/?/, '')
    .split('/')
    .filter((part) => part !== '')
    .map(decoded);

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** An address within the page. */
export const hrefOf = (...way: string[]): string => `#/${way.map(encodeURIComponent).join('/')}`;

export function go(...way: string[]): void {
  location.hash = hrefOf(...way);
}

export function useWay(): Way {
  const [way, show] = useState(() => wayOf(location.hash));
  useEffect(() => {
    const look = (): void => show(wayOf(location.hash));
    addEventListener('hashchange', look);
    return () => removeEventListener('hashchange', look);
  }, []);
  return way;
}
