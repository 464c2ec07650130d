import { z } from 'zod';
import { accountName, passwordWish, type NewSession } from '../../contracts/access.ts';
import { roles, type Asking, type Caller } from '../../contracts/actor.ts';
import { route, type Route } from './route.ts';

/** What the API asks of whoever keeps the logins. */
export interface LoginModel {
  login(asking: Asking, name: string, password: string): Promise<NewSession>;
  logout(asking: Asking): Promise<void>;
  csrf(asking: Asking): string | undefined;
  changePassword(caller: Caller, old: string, password: string): Promise<void>;
  /** The `Set-Cookie` of a session, or of its end. */
  cookie(asking: Asking, session?: NewSession): string;
  /** What a page offers to log in with. */
  readonly ways: { readonly password: boolean; readonly provider: boolean };
}

const actor = z.object({
  kind: z.enum(['person', 'token', 'local', 'anonymous']),
  name: z.string(),
  role: z.enum([...roles, 'none']),
});
const path = '/api/v1/session';

/** Logging in and out, and who one is. */
export function sessionRoutes(model: LoginModel): Route[] {
  return [
    route({
      method: 'GET',
      path,
      summary: 'Who calls, how to log in, and what a page must send as X-CSRF-Token with every change.',
      needs: 'nothing',
      input: z.object({}),
      result: z.object({
        actor,
        csrf: z.string().nullable(),
        login: z.object({ password: z.boolean(), provider: z.boolean() }),
      }),
      handle: async (_input, { caller }) => ({
        actor: actor.parse(caller.actor),
        csrf: model.csrf(caller.asking) ?? null,
        login: model.ways,
      }),
    }),
    route({
      method: 'POST',
      path: '/api/v1/login',
      summary: 'Begins a session with name and password, in a cookie; `csrf` goes with every change as X-CSRF-Token.',
      needs: 'nothing',
      audit: 'denials',
      input: z.strictObject({ name: accountName, password: z.string().min(1).max(128) }),
      result: z.object({ actor, csrf: z.string() }),
      handle: async ({ name, password }, { caller: { asking }, header }) => {
        const session = await model.login(asking, name, password);
        header('set-cookie', model.cookie(asking, session));
        return { actor: actor.parse(session.actor), csrf: session.csrf };
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/logout',
      summary: 'Ends the session.',
      needs: 'self',
      input: z.strictObject({}),
      result: z.object({}),
      handle: async (_input, { caller: { asking }, header }) => {
        await model.logout(asking);
        header('set-cookie', model.cookie(asking));
        return {};
      },
    }),
    route({
      method: 'POST',
      path: `${path}/password`,
      summary: 'Takes a new password of one’s own for the old one; other sessions of the account end.',
      needs: 'self',
      input: z.strictObject({ old: z.string().min(1).max(128), password: passwordWish }),
      result: z.object({}),
      handle: async ({ old, password }, { caller }) => {
        await model.changePassword(caller, old, password);
        return {};
      },
    }),
  ];
}
