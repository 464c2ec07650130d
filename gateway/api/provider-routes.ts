import { z } from 'zod';
import type { NewSession } from '../../contracts/access.ts';
import type { Asking } from '../../contracts/actor.ts';
import { route, type Route } from './route.ts';

/** What the API asks of whoever speaks with the identity provider. */
export interface ProviderModel {
  /** Where to send the browser, and the cookie that it keeps until it comes back. */
  begin(asking: Asking): Promise<{ readonly url: string; readonly cookie: string }>;
  /** The session of who came back with that query. */
  finish(asking: Asking, query: string): Promise<NewSession>;
  cookie(asking: Asking, session: NewSession): string;
}

const path = '/api/v1/login/provider';
const text = z.string().max(4_096).optional();

/** Logging in at the site's identity provider. */
export function providerRoutes(model: ProviderModel): Route[] {
  return [
    route({
      method: 'GET',
      path,
      summary: 'Sends the browser to the identity provider.',
      needs: 'nothing',
      status: 302,
      input: z.object({}),
      result: z.object({}),
      handle: async (_input, { caller: { asking }, header }) => {
        const { url, cookie } = await model.begin(asking);
        header('location', url);
        header('set-cookie', cookie);
        return {};
      },
    }),
    route({
      method: 'GET',
      path: `${path}/callback`,
      summary: 'Where the identity provider sends the browser back to; begins a session.',
      needs: 'nothing',
      produces: 'text/html',
      input: z.object({
        code: text,
        state: text,
        iss: text,
        error: text,
        error_description: text,
        session_state: text,
      }),
      result: z.string(),
      handle: async (query, { caller: { asking }, header }) => {
        const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
        const session = await model.finish(asking, new URLSearchParams(given).toString());
        header('set-cookie', model.cookie(asking, session));
        // A page, not a redirect: only what this page asks for carries a cookie that is SameSite=Strict.
        return '<!doctype html><meta http-equiv="refresh" content="0;url=/"><title>Portcullis</title><a href="/">Go on</a>';
      },
    }),
  ];
}
