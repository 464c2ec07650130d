import { makeStore } from './store.ts';

/** Who the page speaks for. `needed`: the gateway shows nothing without a login. */
export type Session =
  | { readonly is: 'token'; readonly token: string }
  | { readonly is: 'nobody' }
  | { readonly is: 'needed' };

const key = 'portcullis-token';
const kept = sessionStorage.getItem(key);
const state = makeStore<Session>(kept === null ? { is: 'nobody' } : { is: 'token', token: kept });

/** An administrator token lives until the tab is closed. */
export const session = {
  state,
  headers: (): Record<string, string> => {
    const now = state.get();
    return now.is === 'token' ? { authorization: `Bearer ${now.token}` } : {};
  },
  begin: (token: string): void => {
    sessionStorage.setItem(key, token);
    state.set({ is: 'token', token });
  },
  end: (): void => {
    sessionStorage.removeItem(key);
    state.set({ is: 'nobody' });
  },
  /** The gateway wants a login, or ended the one that was. */
  ended: (): void => {
    sessionStorage.removeItem(key);
    state.set({ is: 'needed' });
  },
};
