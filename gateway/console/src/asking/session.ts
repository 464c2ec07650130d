import type { Role } from '../../../../contracts/actor.ts';
import { knownKey, sessionPath, takeEarly, tokenKey } from './first.ts';
import { makeStore } from './store.ts';

/** Who the gateway takes this page for. */
export interface Session {
  readonly actor: {
    readonly kind: 'person' | 'token' | 'local' | 'anonymous';
    readonly name: string;
    readonly role: Role | 'none';
  };
  /** Goes with every change. */
  readonly csrf: string | null;
  readonly login: { readonly password: boolean; readonly provider: boolean };
}

const state = makeStore<Session | undefined>(undefined);
const kept = (): string | undefined => sessionStorage.getItem(tokenKey) ?? undefined;

function bearer(): Record<string, string> {
  const token = kept();
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

function keep(next: string | undefined): void {
  if (next === undefined) sessionStorage.removeItem(tokenKey);
  else sessionStorage.setItem(tokenKey, next);
}

/** Asks the gateway who this is; a token that it does not take is forgotten. Rejects when it does not answer. */
async function load(): Promise<void> {
  const answer = await (takeEarly(sessionPath) ?? fetch(sessionPath, { headers: bearer(), cache: 'no-store' }));
  if (answer.status === 401 && kept() !== undefined) {
    keep(undefined);
    return load();
  }
  const session = (await answer.json()) as Session;
  if (session.actor.kind === 'anonymous') localStorage.removeItem(knownKey);
  else localStorage.setItem(knownKey, '');
  state.set(session);
}

/** Somebody who may change things, as far as their role goes. */
export const isSignedIn = ({ kind }: Session['actor']): boolean => kind === 'person' || kind === 'token';

/** A login lives in a cookie that the page cannot read; the administrator token until the tab is closed. */
export const session = {
  state,
  load,
  headers: (isChange: boolean): Record<string, string> => {
    const csrf = state.get()?.csrf;
    return { ...bearer(), ...(isChange && csrf && { 'x-csrf-token': csrf }) };
  },
  useToken: async (given: string): Promise<void> => {
    keep(given);
    await load();
    if (kept() === undefined) throw new Error('That is not the administrator token of this gateway.');
  },
  forgetToken: (): void => keep(undefined),
  isSignedIn: (): boolean => {
    const actor = state.get()?.actor;
    return actor !== undefined && isSignedIn(actor);
  },
};
