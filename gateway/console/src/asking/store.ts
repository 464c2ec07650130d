import { useEffect, useState } from 'preact/hooks';

/** One value that several parts of the page look at. */
export interface Store<Value> {
  get(): Value;
  set(value: Value): void;
  subscribe(listener: () => void): () => void;
}

export function makeStore<Value>(first: Value): Store<Value> {
  let value = first;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set: (next) => {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of listeners) listener();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function useStore<Value>(store: Store<Value>): Value {
  const [value, show] = useState(() => store.get());
  useEffect(() => {
    show(() => store.get());
    return store.subscribe(() => show(() => store.get()));
  }, [store]);
  return value;
}
